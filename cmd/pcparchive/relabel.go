package main

import (
	"strings"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/relabel"
)

// relabelFlag is the value of --relabel.
type relabelFlag struct {
	path  string
	rules relabel.Rules
}

// addRelabelFlag adds --relabel to a command.
func addRelabelFlag(cmd *cobra.Command, r *relabelFlag) {
	cmd.Flags().Var(r, "relabel", "YAML file of rules as in Prometheus' metric_relabel_configs, applied to all series")
}

// String returns the file's name.
func (r *relabelFlag) String() string { return r.path }

// Set reads the file.
func (r *relabelFlag) Set(path string) (err error) {
	r.path = path
	r.rules, err = relabel.Load(path)
	return err
}

// Type names the value in help.
func (*relabelFlag) Type() string { return "file" }

// matchFlag is the value of --match. A series needs to match only one of the selectors.
type matchFlag []string

// addMatchFlag adds --match to a command.
func addMatchFlag(cmd *cobra.Command, m *matchFlag) {
	cmd.Flags().Var(m, "match", "only series of blocks that this PromQL selector selects; may be repeated to select more")
}

// String returns the selectors.
func (m *matchFlag) String() string { return strings.Join(*m, " ") }

// Set adds a selector.
func (m *matchFlag) Set(text string) error {
	if _, err := parser.NewParser(parser.Options{}).ParseMetricSelector(text); err != nil {
		return err
	}
	*m = append(*m, text)
	return nil
}

// Type names the value in help.
func (*matchFlag) Type() string { return "selector" }
