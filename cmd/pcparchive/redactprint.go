package main

import (
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/redact"
)

// printRedaction prints what was replaced.
func printRedaction(w io.Writer, r *redact.Report) error {
	for _, a := range r.Archives {
		fmt.Fprintf(w, "%s: %s\n", a.Out, plural(a.Records, "record"))
	}
	t := newTable(w)
	fmt.Fprint(t, "\nKIND\tORIGINALS\tREPLACED\n")
	for _, k := range r.Kinds {
		fmt.Fprintf(t, "%s\t%s\t%s\n", k.Kind, humanize.Comma(int64(k.Distinct)), humanize.Comma(int64(k.Replaced)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.Common > 0 {
		fmt.Fprintf(w, "%s: short, a number, or a common word, replaced only where a rule finds it\n", plural(r.Common, "original"))
	}
	if r.Fixed > 0 {
		fmt.Fprintf(w, "%s: part of names of metrics or labels, or of the zone, which stay\n", plural(r.Fixed, "original"))
	}
	if r.Shared > 0 {
		fmt.Fprintf(w, "%s: with the pseudonym of another address\n", plural(r.Shared, "address"))
	}
	_, err := fmt.Fprintln(w, "checked: no other original is left")
	return err
}
