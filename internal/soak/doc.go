// Package soak runs the recorder for minutes under load and prints what it costs. Its
// tests run only if a flag asks for them: see `make soak`.
package soak
