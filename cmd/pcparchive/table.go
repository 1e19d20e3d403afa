package main

import (
	"bufio"
	"cmp"
	"io"
	"text/tabwriter"
)

// table prints columns of text that tabs separate. Flush ends it.
type table struct {
	*tabwriter.Writer
	out *bufio.Writer // because a tabwriter writes cell by cell
}

func newTable(w io.Writer) *table {
	out := bufio.NewWriterSize(w, 64<<10)
	return &table{tabwriter.NewWriter(out, 0, 0, 2, ' ', 0), out}
}

// Flush prints the rows.
func (t *table) Flush() error { return cmp.Or(t.Writer.Flush(), t.out.Flush()) }
