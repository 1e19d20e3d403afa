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
	splitGiven bool // --split-by was: archives go to a folder, be it one
}

func newImportTSDBCmd(s streams) *cobra.Command {
	var o importTSDBOptions
	cmd := &cobra.Command{
		Use:   "tsdb BLOCK|DATA... -o ARCHIVE",
		Short: "Turn Prometheus TSDB blocks into archives",
		Long: `Turn Prometheus TSDB blocks into PCP archives: single blocks, folders of them, or
a server's data folder, whose write-ahead log is read too, so that it need not be
stopped. Nothing is written to the input, which may be on read-only media. Blocks
may overlap: a sample that several have is taken once. What is damaged is named
and the rest is read. Blocks that Thanos downsampled give the average of each
interval, and counters at its end, where no block has finer data.

Each host gets an archive of its own: its series are those whose label 'instance'
begins with the host, or that have none and whose label 'hostname' is the host.
If there is one host, ARCHIVE is the archive's name; if there are more, it is a
folder, and the archives in it are named after the hosts, with _ for any character
but letters, digits, dots and dashes; what names no host is called other. With
--split-by LABEL each value of that label gets an archive, always in a folder, and
with --split-by none all goes to one. --relabel comes before the splitting.

Blocks that pcparchive made of archives tell which PCP metrics their series were;
these become those metrics again. All others are named openmetrics.JOB.…

An archive that exists is never overwritten; what -o names appears when it is
complete. Many hosts are done 64 at a time, so the number of files that are open
and the memory do not depend on how many there are.`,
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
	f.StringVar(&o.start, "start", "", "leave out what is earlier: "+timeHelp+"; archive stands for the input")
	f.StringVar(&o.end, "end", "", "leave out what is later")
	memory := f.Lookup("sort-memory")
	memory.Usage, memory.DefValue = "memory for bringing samples into order of time; series need about 1 KiB each besides", o.memory.String()
	return cmd
}

func runImportTSDB(ctx context.Context, s streams, o importTSDBOptions, paths []string) error {
	report := &prom.Report{}
	b := blockSelection{paths: paths, match: o.match, start: o.start, end: o.end, zones: o.zones, memory: o.memory}
	return importBlocks(ctx, s, &o.sampleOptions, b, o.splitGiven, report)
}

// importBlocks makes archives of blocks and prints what it wrote. folder makes the
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

// tsdbSpan makes the input what times on the command line are relative to.
type tsdbSpan struct{ start, end int64 }

// Header has the time at which the input starts.
func (t tsdbSpan) Header() *archive.Header {
	return &archive.Header{Start: pcp.TimestampMilli(t.start)}
}

// End returns the time of the last sample.
func (t tsdbSpan) End() (pcp.Timestamp, error) { return pcp.TimestampMilli(t.end), nil }

// Location returns UTC: blocks know of no zone.
func (tsdbSpan) Location() *time.Location { return time.UTC }
