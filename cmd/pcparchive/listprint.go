package main

import (
	"bufio"
	"fmt"
	"io"
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
	tw := newTable(w)
	fmt.Fprintln(tw, "METRIC\tSERIES\tTYPE\tSEMANTICS\tUNITS\tHELP")
	for _, m := range host.Metrics {
		for _, name := range append([]string{m.Name}, m.Names...) {
			fmt.Fprintf(tw, "%s\t%d\t%s\t%s\t%s\t%s\n", safetext.Line(name), m.Series, m.Type, m.Semantics, m.Units, safetext.Line(m.OneLine))
		}
	}
	return tw.Flush()
}
