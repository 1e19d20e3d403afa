package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// tableFormat is the value of --output of verbs that print tables.
type tableFormat string

const (
	tableText tableFormat = "text"
	tableJSON tableFormat = "json"
	tableCSV  tableFormat = "csv"
)

// String returns the format's name.
func (f *tableFormat) String() string { return string(*f) }

// Set accepts text, json and csv.
func (f *tableFormat) Set(s string) error {
	if v := tableFormat(s); v == tableText || v == tableJSON || v == tableCSV {
		*f = v
		return nil
	}
	return fmt.Errorf("want text, json or csv")
}

// Type names the value in help.
func (*tableFormat) Type() string { return "format" }

// addTableFlag adds --output to a command that prints tables.
func addTableFlag(cmd *cobra.Command, o *tableFormat) {
	*o = tableText
	cmd.Flags().Var(o, "output", "text, or json or csv for programs")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json", "csv"}, cobra.ShellCompDirectiveNoFileComp))
}
