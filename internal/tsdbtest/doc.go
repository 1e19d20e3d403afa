// Package tsdbtest has helpers for tests that compare with Prometheus' own database: it
// writes blocks and logs with the database, and reads and verifies ours with it.
package tsdbtest
