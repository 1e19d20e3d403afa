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
		Long: `Turn saved replies of Prometheus' query API into an archive: query_range and
query, whole replies or just their data or result, several in a file, or a folder
of *.json; files may be compressed. Series of one name and labels are one,
whatever files they are in.

Results of functions have no name: they get that of the file, or --metric. Native
histograms are rebuilt from their buckets; what has buckets that no histogram has
is counted and left out. A file, reply, series, histogram or sample that cannot be
read is named, the rest is read, and the exit status is 4.

` + samplesHelp,
		Example: `  curl -s 'http://prometheus:9090/api/v1/query_range?query=up&start=…&end=…&step=15' > up.json
  pcparchive import prom-json up.json -o rec
  pcparchive import from prom-json up.json -o rec
  pcparchive import prom-json replies/ -o hosts --split-by instance`,
		Args: nargs(1, -1, "at least one file or folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return runImportJSON(cmd.Context(), s, o, args) },
	}
	o.add(cmd, "")
	cmd.Flags().StringVar(&o.metric, "metric", "", "name of series that have none; default: the file's, without its ending")
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
