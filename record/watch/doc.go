// Package watch shows how a recording does: metrics for Prometheus, the targets as a page and
// as JSON of Prometheus' API, addresses for health checks and reloads, and messages to
// systemd.
package watch
