// Package browsertest drives the page of serve in a browser. It has no code but tests: they
// write archives, serve them with the real handler, and run the programs of web/test with
// node, which use Debian's Chromium.
package browsertest
