package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
)

// completeFlag sets the values that shells offer for a flag.
func completeFlag(cmd *cobra.Command, flag string, values ...string) {
	// The error would be that the flag does not exist.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// addPairsFlag adds a flag whose values are labels, each as name=value.
func addPairsFlag(cmd *cobra.Command, pairs *map[string]string, name, usage string) {
	cmd.Flags().StringToStringVar(pairs, name, nil, usage)
	cmd.Flags().Lookup(name).DefValue = "" // help would show an empty list
}

// writeJSON writes v indented.
func writeJSON(w io.Writer, v any) error {
	return writeObject(w, v, "  ")
}

// writeObject writes v and a line feed.
func writeObject(w io.Writer, v any, indent string) error {
	text, err := safetext.Marshal(v, indent)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// newPlainHandler returns a log handler for people, without times.
func newPlainHandler(w io.Writer) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
}

// reportLosses prints the data that a conversion left out. It returns errSkipped if bad
// data is the reason. Data that only one of Prometheus and PCP can hold is no failure.
func reportLosses(s streams, r *prom.Report) error {
	for _, line := range r.Summary() {
		fmt.Fprintln(s.err, line)
	}
	for _, l := range r.Losses() {
		if !l.Loss.ByNature() {
			return errSkipped
		}
	}
	return nil
}

// brokeOff reports whether err is damage in an archive, whose other parts may be
// used.
func brokeOff(err error) bool {
	var damage *pcp.FormatError
	return errors.As(err, &damage)
}

// labelsOf returns a flag's pairs sorted by name.
func labelsOf(pairs map[string]string) []prom.Label {
	var labels []prom.Label
	for name, value := range pairs {
		labels = append(labels, prom.Label{Name: name, Value: value})
	}
	slices.SortFunc(labels, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
	return labels
}

// number formats a value as Prometheus does.
func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// plural counts things, with a comma between thousands.
func plural[N int | int64 | uint64](n N, noun string) string {
	return humanize.Comma(int64(n)) + " " + english.PluralWord(int(min(n, 2)), noun, "")
}
