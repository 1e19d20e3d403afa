package main

import (
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/relabel"
)

// relabelFlag is the value of --relabel.
type relabelFlag struct {
	path  string
	rules relabel.Rules
}

// addRelabelFlag adds --relabel to a command.
func addRelabelFlag(cmd *cobra.Command, r *relabelFlag) {
	cmd.Flags().Var(r, "relabel", "YAML file of rules as in Prometheus' metric_relabel_configs, applied to the series on their way")
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

// before returns a Samples that relabels what goes to dst.
func (r *relabelFlag) before(dst convert.Samples, report *convert.Report) convert.Samples {
	if len(r.rules) == 0 {
		return dst
	}
	return relabel.NewStage(dst, r.rules, report)
}
