package main

import (
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagGroups are the groups in which help lists the flags of a verb with many flags.
// A flag has the same meaning in every verb and so the same group. Flags without a
// group come last.
var flagGroups = []struct {
	title string
	flags []string
}{
	{"Input", []string{"from", "format", "mapping", "time-column", "time-format", "delimiter", "match", "metric", "metrics", "instances", "samples", "daily", "labels", "start", "end", "at", "timezone", "hostzone", "time", "lookback", "interval", "duration", "timeout", "body-limit", "scrape-config", "config", "finish", "align", "date-column", "decimal-comma", "skip-lines"}},
	{"Output", []string{
		"dir", "output-archive", "output-file", "to", "append", "split-by", "block-duration", "data-dir", "thanos-label", "archive-version", "volume-size",
		"compress", "lossy", "pcp5", "timestamps", "health", "volume-samples", "output", "wide", "long", "width", "height",
	}},
	{"Names and labels", []string{"names", "prefix", "host", "label", "label-instid", "optional-labels", "target-labels", "relabel", "map"}},
	{"Server", []string{"server", "http.config.file", "rescan", "shift-to", "replay", "external-label", "grafana-provisioning", "listen", "serve", "web.config.file", "web.cors.origin", "max-connections", "drain-timeout", "log-level"}},
	{"Pushed archives", []string{"receive", "receive-idle", "receive-max-archives", "receive-max-size", "receive-rate"}},
	{"Queries", []string{"rules", "query-timeout", "query-memory", "max-samples", "max-bytes", "max-concurrency"}},
	{"Cache", []string{"cache", "cache-size"}},
	{"Recording", []string{"check-config", "archive-per", "rotate", "sync", "keep", "max-size", "min-free"}},
	{"Values", []string{"strings", "step", "unwrap", "repeat-discrete", "split-at-marks", "rate", "units", "precision", "derive", "compat", "mean", "keep-wraps"}},
}

// manyFlags is the number of flags from which help groups them.
const manyFlags = 13

// groupedFlags returns the flags of a command for its help.
func groupedFlags(flags *pflag.FlagSet) string {
	usages := func(keep func(name string) bool) string {
		part := pflag.NewFlagSet("", pflag.ContinueOnError)
		flags.VisitAll(func(f *pflag.Flag) {
			if keep(f.Name) {
				part.AddFlag(f)
			}
		})
		return strings.TrimRight(part.FlagUsages(), "\n")
	}
	n := 0
	flags.VisitAll(func(*pflag.Flag) { n++ })
	// The short flags of dump are those of pmdumplog, in its order.
	if n < manyFlags || flags.Lookup("on-disk-insts") != nil {
		return "Flags:\n" + usages(func(string) bool { return true })
	}
	var b strings.Builder
	var named []string
	for _, g := range flagGroups {
		if part := usages(func(name string) bool { return slices.Contains(g.flags, name) }); part != "" {
			b.WriteString(g.title + ":\n" + part + "\n\n")
		}
		named = append(named, g.flags...)
	}
	b.WriteString("Other flags:\n" + usages(func(name string) bool { return !slices.Contains(named, name) }))
	return b.String()
}

// addGroupedFlags registers the template function with cobra, once, because cobra
// keeps it for all commands and parallel tests would race.
var addGroupedFlags = sync.OnceFunc(func() { cobra.AddTemplateFunc("groupedFlags", groupedFlags) })

// useGroupedFlags makes the help of all commands list flags in groups.
func useGroupedFlags(root *cobra.Command) {
	addGroupedFlags()
	const plain = "Flags:\n{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}"
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), plain, "{{groupedFlags .LocalFlags}}", 1))
}

// exitHelp ends the help of verbs that do not describe their exit status.
const exitHelp = `The exit status is 0 on success, 1 after a failure, 2 if the command line is wrong,
and 4 if damaged data was left out; see 'pcparchive help exit-codes'.`

// addExitHelp adds the exit status to the help of every verb.
func addExitHelp(cmd *cobra.Command) {
	for _, c := range cmd.Commands() {
		addExitHelp(c)
	}
	if cmd.HasSubCommands() || !cmd.Runnable() || strings.Contains(cmd.Long, "exit status") {
		return
	}
	cmd.Long += "\n\n" + exitHelp
}
