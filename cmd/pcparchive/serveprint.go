package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/serve"
)

// printServer prints the data that is served, and the addresses.
func printServer(s streams, server *serve.Server) {
	sum := server.Summary()
	if sum.Window.IsZero() {
		fmt.Fprintln(s.out, "no archives yet")
	} else {
		fmt.Fprintf(s.out, "serving %s\n", served(sum))
	}
	for i, h := range sum.Hosts {
		if i == mostHostLines {
			fmt.Fprintf(s.out, "  and %s\n", plural(len(sum.Hosts)-i, "more host"))
			break
		}
		fmt.Fprintf(s.out, "  %s  %s  %s\n", h.Host, windowText(h.Window), plural(int64(h.Archives), "archive"))
	}
	for i, address := range server.Addresses() {
		fmt.Fprintf(s.out, "page         %s/\n", address)
		fmt.Fprintf(s.out, "Grafana      %s  (URL of a Prometheus data source)\n", address)
		if i > 0 || sum.Window.IsZero() {
			continue
		}
		fmt.Fprintf(s.out, "             ?%s  (the end of a dashboard's address that shows the data)\n", serve.GrafanaRange(sum.Window))
		for _, e := range sum.Examples[:min(len(sum.Examples), 1)] {
			fmt.Fprintf(s.out, "a query      '%s%s'\n", address, e.Link)
		}
	}
}

// mostHostLines is the number of hosts that are printed.
const mostHostLines = 20

// served describes the data that is served.
func served(sum serve.Summary) string {
	var parts []string
	if sum.Archives > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s", plural(int64(sum.Archives), "archive"), plural(int64(len(sum.Hosts)), "host")))
	}
	if n := len(sum.Blocks); n > 0 {
		parts = append(parts, plural(int64(n), "block"))
	}
	return strings.Join(parts, " and ") + ", " + windowText(sum.Window)
}

// windowText formats a window.
func windowText(w serve.Window) string {
	if w.IsZero() {
		return "nothing can be read"
	}
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
	return fmt.Sprintf("%s to %s UTC", at(w.Start), at(w.End))
}
