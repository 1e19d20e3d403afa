package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/input"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/ingest"
)

type importFileOptions struct {
	sampleOptions
	pageOptions
}

func newImportFileCmd(s streams) *cobra.Command {
	var o importFileOptions
	cmd := &cobra.Command{
		Use:   "prom-file FILE|DIR|-... -o ARCHIVE",
		Short: "Turn exposition pages and dumps into an archive",
		Long: `Turn pages in Prometheus' text format or in OpenMetrics into an archive. A page is a
snapshot, or a dump of many times as 'promtool tsdb create-blocks-from openmetrics'
reads it. The samples of a snapshot get the time at which the file last changed. A dump
may have any size and any order of time. A folder stands for the *.prom, *.txt and *.om
files in it. Files may be compressed.

The command recognizes the format by features that only one format has: '# EOF', units,
types, exemplars, times with fractions. Whole times are milliseconds in the text format
and seconds in OpenMetrics. Give --format if a page shows no such feature, or if its
times would be in the wrong century. The command reports lines and files that it cannot
read, and reads the rest.

Pages of pmproxy, pcp2openmetrics and 'pcparchive export prom' declare metrics of PCP in
'# PCP5' lines. These metrics get their names, numbers, types, semantics, units and
instances back.

` + samplesHelp,
		Example: `  curl -s http://localhost:9100/metrics | pcparchive import prom-file - -o rec
  pcparchive import prom-file dump.om.zst -o rec
  pcparchive import from prom-file dump.om.zst -o rec
  pcparchive import prom-file scrapes/ -o hosts --split-by instance
  pcparchive import prom-file page.prom -o rec --time 2026-01-02T03:04:05Z --format text`,
		Args: nargs(1, -1, "at least one file, folder or -"),
		RunE: func(cmd *cobra.Command, args []string) error { return runImportFile(cmd.Context(), s, o, args) },
	}
	o.sampleOptions.add(cmd, "")
	o.pageOptions.add(cmd)
	return cmd
}

func runImportFile(ctx context.Context, s streams, o importFileOptions, args []string) error {
	report := &prom.Report{}
	o.pageOptions.zones = o.sampleOptions.zones
	in, err := openPages(s, o.pageOptions, args, report)
	if err != nil {
		return err
	}
	return importSamples(ctx, s, o.sampleOptions, in, report)
}

// pageOptions are the flags for reading exposition text.
type pageOptions struct {
	format string
	at     string
	zones  zoneFlags
}

func (o *pageOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "auto", "format of the pages: text or openmetrics; auto: recognize it")
	f.StringVar(&o.at, "time", "", "time of samples without a time, such as '2026-03-07 14:30', yesterday 14:30 or in RFC 3339; default: the last change of the file, or now for standard input")
	completeFlag(cmd, "format", "auto", expo.Text.String(), expo.OpenMetrics.String())
}

// time reads --time. The current date completes a time without a day.
func (o *pageOptions) time(now time.Time) (time.Time, error) {
	now = now.In(o.zones.or(time.UTC))
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	t, err := parseTime(o.at, zoned{tsdbSpan{today.UnixMilli(), now.UnixMilli()}, now.Location()})
	if err != nil {
		return now, usageError{fmt.Errorf("--time %q: want a time such as 2026-01-02T03:04:05Z or yesterday 14:30; see 'pcparchive help times'", o.at)}
	}
	return t.Time(), nil
}

// openPages returns the samples in files of exposition text.
func openPages(s streams, o pageOptions, args []string, report *prom.Report) (*sampleInput, error) {
	damages := &damageLog{s: s}
	read := expo.ReadOptions{Report: report, Damaged: func(err error) { damages.add(pageAdvice(err)) }}
	if o.format != "auto" {
		read.Format = new(expo.Format)
		if err := read.Format.Set(o.format); err != nil {
			return nil, usageError{fmt.Errorf("--%w, or auto", err)}
		}
	}
	files, err := input.Find(args, ".prom", ".txt", ".om")
	if err != nil {
		return nil, err
	}
	if o.at != "" {
		at, err := o.time(time.Now())
		if err != nil {
			return nil, err
		}
		for i := range files {
			files[i].Time = at
		}
	}
	progress := newInputProgress(s, files)
	inputs := make([]expo.Input, len(files))
	for i, f := range files {
		inputs[i] = expo.Input{Name: f.Name, Time: f.Time, Open: func() (io.ReadCloser, error) { return progress.open(f) }}
	}
	reader := expo.NewReader(inputs, read)
	return &sampleInput{
		Source: ingest.FromPages(reader),
		done:   progress.clear, damages: damages,
	}, nil
}

// pageAdvice adds to a page's fault the flag that mends it.
func pageAdvice(err error) error {
	if errors.Is(err, expo.ErrAmbiguous) {
		return fmt.Errorf("%w; give --format text or --format openmetrics", err)
	}
	return err
}

// inputProgress shows the progress of reading files.
type inputProgress struct {
	byteProgress
	stdin io.Reader
}

func newInputProgress(s streams, files []input.File) *inputProgress {
	return &inputProgress{newByteProgress(s, input.Size(files)), s.in}
}

// open opens a file.
func (p *inputProgress) open(f input.File) (io.ReadCloser, error) {
	return f.Open(input.Options{Stdin: p.stdin, Progress: p.add})
}
