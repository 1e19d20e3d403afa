package main

import (
	"cmp"
	"context"
	"io"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/input"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/promjson"
	"github.com/pcparchive/pcparchive/ingest"
)

type importJSONOptions struct {
	sampleOptions
	metric string
}

func newImportJSONCmd(s streams) *cobra.Command {
	var o importJSONOptions
	cmd := &cobra.Command{
		Use:   "prom-json FILE|DIR|-... -o ARCHIVE",
		Short: "Turn saved replies of Prometheus' query API into an archive",
		Long: `Turn saved replies of Prometheus' query API into an archive. An input is a file of
replies to query_range or query, or a folder of *.json files. A file may hold several
replies, whole or only their data or result, and it may be compressed. Series with the
same name and labels are one series, whichever files they come from.

Results of functions have no name. They get the name of the file, or that of --metric.
The command rebuilds native histograms from their buckets. It counts histograms with
other buckets and leaves them out. It reports a file, reply, series, histogram or sample
that it cannot read, and reads the rest.

` + samplesHelp,
		Example: `  curl -s 'http://prometheus:9090/api/v1/query_range?query=up&start=…&end=…&step=15' > up.json
  pcparchive import prom-json up.json -o rec
  pcparchive import from prom-json up.json -o rec
  pcparchive import prom-json replies/ -o hosts --split-by instance`,
		Args: nargs(1, -1, "at least one file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return runImportJSON(cmd.Context(), s, o, args) },
	}
	o.add(cmd, "")
	cmd.Flags().StringVar(&o.metric, "metric", "", "name of series without a name; default: the name of the file without its ending")
	return cmd
}

func runImportJSON(ctx context.Context, s streams, o importJSONOptions, args []string) error {
	report := &prom.Report{}
	in, err := openReplies(s, o.metric, args, report)
	if err != nil {
		return err
	}
	return importSamples(ctx, s, o.sampleOptions, in, report)
}

// openReplies returns the samples in files of replies. metric is the name of series
// without one; empty means the name of the file.
func openReplies(s streams, metric string, args []string, report *prom.Report) (*sampleInput, error) {
	files, err := input.Find(args, ".json")
	if err != nil {
		return nil, err
	}
	progress := newInputProgress(s, files)
	inputs := make([]promjson.Input, len(files))
	for i, f := range files {
		inputs[i] = promjson.Input{
			Name: f.Name, Metric: cmp.Or(metric, promjson.MetricOf(f.Name)),
			Open: func() (io.ReadCloser, error) { return progress.open(f) },
		}
	}
	damages := &damageLog{s: s}
	reader := promjson.NewReader(inputs, promjson.ReadOptions{Report: report, Damaged: damages.add})
	return &sampleInput{
		Source: ingest.Source{SampleSource: reader, KeepFirst: true},
		done:   progress.clear, damages: damages,
	}, nil
}
