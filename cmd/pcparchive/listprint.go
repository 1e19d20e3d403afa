package main

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/safetext"
)

// print prints a listing as text: values, series, or metrics and names of labels.
func (o listOptions) print(w io.Writer, list *listOutput) error {
	switch {
	case o.label != "":
		return printLines(w, list.Values)
	case o.match != "":
		lines := make([]string, len(list.Series))
		for i, s := range list.Series {
			lines[i] = s.text
		}
		return printLines(w, lines)
	}
	for i, host := range list.Hosts {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := host.print(w); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\nlabels: %s\n", safetext.Line(strings.Join(list.Labels, ", ")))
	return err
}

func printLines(w io.Writer, lines []string) error {
	out := bufio.NewWriter(w)
	for _, line := range lines {
		fmt.Fprintln(out, safetext.Line(line))
	}
	return out.Flush()
}

func (host *listedHost) print(w io.Writer) error {
	fmt.Fprintf(w, "host %s: %s\n", safetext.Line(host.Host), plural(len(host.Metrics), "metric"))
	g := newGrid(len(host.Metrics), "METRIC", "SERIES", "TYPE", "SEMANTICS", "UNITS", "HELP")
	for _, m := range host.Metrics {
		series, help := strconv.Itoa(m.Series), safetext.Line(m.OneLine)
		g.row(safetext.Line(m.Name), series, m.Type, m.Semantics, m.Units, help)
		for _, name := range m.Names {
			g.row(safetext.Line(name), series, m.Type, m.Semantics, m.Units, help)
		}
	}
	return g.print(w)
}
