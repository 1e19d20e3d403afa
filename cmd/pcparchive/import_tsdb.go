package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/pcp"
)

type importTSDBOptions struct {
	sampleOptions
	match      matchFlag
	start, end string
	splitGiven bool // --split-by was given: the output is a folder even for one archive
}

func newImportTSDBCmd(s streams) *cobra.Command {
	var o importTSDBOptions
	cmd := &cobra.Command{
		Use:   "tsdb BLOCK|DATA... -o ARCHIVE",
		Short: "Turn Prometheus TSDB blocks into archives",
		Long: `Turn Prometheus TSDB blocks into PCP archives. An input is a block, a folder of blocks,
or the data folder of a server. The command also reads the server's write-ahead log, so
the server may keep running. It writes nothing to the input, which may be on read-only
media. Blocks may overlap: a sample in several blocks counts once. The command reports
damage and reads the rest. Blocks that Thanos downsampled give the average of each
interval, and the value of a counter at its end, where no block has finer data. External
labels that Thanos keeps in a block's meta.json become labels of its series.

Each host gets an archive. The label 'instance' names the host of a series, or else the
label 'hostname'. If there is one host, ARCHIVE is the name of the archive. If there are
several, ARCHIVE is a folder, and each archive is named after its host, with _ for every
character except letters, digits, dots and dashes. The archive of series without a host
is called other. With --split-by LABEL each value of that label gets an archive, always
in a folder. With --split-by none all series go to one archive. --relabel changes series
before they are split.

Blocks that pcparchive wrote record which PCP metrics their series were. These series
become the same metrics again. All others are named openmetrics.JOB.…

An import never overwrites an existing archive. The output appears when it is complete.
The command writes at most 64 archives at a time, so memory and the number of open files
do not grow with the number of hosts.`,
		Example: `  pcparchive import tsdb /var/lib/prometheus/data -o archives
  pcparchive import from tsdb /var/lib/prometheus/data -o archives
  pcparchive import tsdb 01JD0C4RZ4GJYX2MCGNV9N7B2V -o rec --split-by none
  pcparchive import tsdb data -o node3 --match '{instance="node3:9100"}' --start 2026-11-01 --end 2026-11-02`,
		Args: nargs(1, -1, "at least one block or folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.splitGiven = cmd.Flags().Changed("split-by")
			return runImportTSDB(cmd.Context(), s, o, args)
		},
	}
	o.add(cmd, "instance")
	o.memory = read.DefaultMemory
	f := cmd.Flags()
	addMatchFlag(cmd, &o.match)
	f.StringVar(&o.start, "start", "", "leave out earlier samples: "+timeHelp+"; here the archive is the input")
	f.StringVar(&o.end, "end", "", "leave out later samples")
	memory := f.Lookup("sort-memory")
	memory.Usage, memory.DefValue = "memory for sorting samples by time; each series needs about 1 KiB in addition", o.memory.String()
	return cmd
}

func runImportTSDB(ctx context.Context, s streams, o importTSDBOptions, paths []string) error {
	report := &prom.Report{}
	b := blockSelection{paths: paths, match: o.match, start: o.start, end: o.end, zones: o.zones, memory: o.memory}
	return importBlocks(ctx, s, &o.sampleOptions, b, o.splitGiven, report)
}

// importBlocks makes archives of blocks and prints them. folder makes the
// output a folder even for a single archive.
func importBlocks(ctx context.Context, s streams, o *sampleOptions, b blockSelection, folder bool, report *prom.Report) error {
	options, err := o.ingest(report)
	if err != nil {
		return err
	}
	var view byteProgress
	options.Folder, options.Progress = folder, func(bytes int64) { view.set(bytes) }
	im, err := newImporter(options)
	if err != nil {
		return err
	}
	damages := &damageLog{s: s}
	r, err := b.open(ctx, damages, report)
	if err != nil {
		return err
	}
	view = newByteProgress(s, r.Size())
	res, err := im.Blocks(ctx, r)
	view.clear()
	damages.rest()
	if err = errors.Join(importError(err), r.Close()); err != nil {
		return err
	}
	if len(res.Archives) == 0 {
		return errNoSamples
	}
	return cmp.Or(printImport(s, o, res, report), damages.skipped())
}

// blockSelection is the part of blocks that a verb reads.
type blockSelection struct {
	paths      []string
	match      []string // selectors; empty selects all series
	start, end string   // times as on the command line; empty for no limit
	zones      zoneFlags
	memory     byteSize // zero means the reader's default
}

// open opens the blocks.
func (b *blockSelection) open(ctx context.Context, damages *damageLog, report *prom.Report) (*read.Reader, error) {
	r, err := read.Open(ctx, b.paths, read.Options{
		Match: b.match, Memory: int64(b.memory), Report: report, Damaged: damages.addBlock,
	})
	if err != nil || b.start == "" && b.end == "" {
		return r, err
	}
	var span tsdbSpan
	span.start, span.end, _ = r.Span()
	from, to, err := parseRange(b.start, b.end, b.zones.over(span))
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.Between(from, to)
	return r, nil
}

// tsdbSpan is the timeline of blocks. Times on the command line are relative to it.
type tsdbSpan struct{ start, end int64 }

// Header returns a label with the time of the first sample.
func (t tsdbSpan) Header() *archive.Header {
	return &archive.Header{Start: pcp.TimestampMilli(t.start)}
}

// End returns the time of the last sample.
func (t tsdbSpan) End() (pcp.Timestamp, error) { return pcp.TimestampMilli(t.end), nil }

// Location returns UTC, because blocks have no time zone.
func (tsdbSpan) Location() *time.Location { return time.UTC }
