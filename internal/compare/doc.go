// Package compare measures the commands beside the reference tools: see `make
// compare`. It has only tests.
package compare
