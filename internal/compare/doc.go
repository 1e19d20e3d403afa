// Package compare measures the commands and the reference tools on the same work; see
// `make compare`. It has only tests.
package compare
