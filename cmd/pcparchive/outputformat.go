package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// outputFormat is the value of --output.
type outputFormat string

const (
	outputText   outputFormat = "text"
	outputJSON   outputFormat = "json"
	outputNDJSON outputFormat = "ndjson"
	outputCSV    outputFormat = "csv"

	outputParquet outputFormat = "parquet"
	outputArrow   outputFormat = "arrow"

	outputSVG  outputFormat = "svg"
	outputPNG  outputFormat = "png"
	outputHTML outputFormat = "html"
)

// addOutputFlag adds --output to a command that prints text or JSON.
func addOutputFlag(cmd *cobra.Command, o *outputFormat) {
	addFormatFlag(cmd, o, "text, or json for programs", outputText, outputJSON)
}

// addTableFlag adds --output to a command that prints tables.
func addTableFlag(cmd *cobra.Command, o *outputFormat) {
	addFormatFlag(cmd, o, "text, or json or csv for programs", outputText, outputJSON, outputCSV)
}

// addFormatFlag adds --output with the formats that a command has, of which the first is
// the default.
func addFormatFlag(cmd *cobra.Command, o *outputFormat, usage string, formats ...outputFormat) {
	*o = formats[0]
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	cmd.Flags().Var(formatFlag{o, names}, "output", usage)
	completeFlag(cmd, "output", names...)
}

// formatFlag is the flag of an outputFormat, which takes some of the formats.
type formatFlag struct {
	format *outputFormat
	names  []string
}

// String returns the format's name.
func (f formatFlag) String() string { return string(*f.format) }

// Set accepts the names of the formats.
func (f formatFlag) Set(s string) error {
	if !slices.Contains(f.names, s) {
		last := len(f.names) - 1
		return fmt.Errorf("want %s or %s", strings.Join(f.names[:last], ", "), f.names[last])
	}
	*f.format = outputFormat(s)
	return nil
}

// Type names the value in help.
func (formatFlag) Type() string { return "format" }
