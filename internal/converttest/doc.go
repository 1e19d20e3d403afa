// Package converttest has the helpers that tests of convert and its packages share:
// steps to convert, a mapper with a source, and sinks that keep lines of text.
package converttest
