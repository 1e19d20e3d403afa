package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/ingest"
)

// fromSamples converts blocks, pages and replies.
func (o *convertOptions) fromSamples(ctx context.Context, s streams, in []string, out string) error {
	report := &prom.Report{}
	if o.from == format.Blocks && o.to == format.Archive {
		b := o.blockSelection(in)
		b.memory = o.samples.memory
		return importBlocks(ctx, s, &o.samples, b, o.samples.splitBy != "", report)
	}
	if o.to == format.Text || o.to == format.OpenMetrics {
		t := o.textTarget(out)
		if err := t.check(in); err != nil {
			return err
		}
	}
	src, err := o.openSamples(ctx, s, in, report)
	if err != nil {
		return err
	}
	switch o.to {
	case format.Archive:
		return importSamples(ctx, s, o.samples, src, report)
	case format.Blocks:
		return o.writeBlocks(ctx, s, src, report)
	case format.Text, format.OpenMetrics:
		return o.writeText(ctx, s, src, out, report)
	}
	return usageError{fmt.Errorf("--to %s: replies cannot be written", o.to)}
}

// openSamples opens blocks, pages or replies.
func (o *convertOptions) openSamples(ctx context.Context, s streams, in []string, report *prom.Report) (*sampleInput, error) {
	m := &o.mapping
	if o.from == format.Blocks {
		return openBlocks(ctx, s, o.blockSelection(in), report)
	}
	if m.ranged {
		return nil, usageError{errors.New("--start and --end are for archives and blocks")}
	}
	if o.from == format.JSON {
		return openReplies(s, o.metric, in, report)
	}
	return openPages(s, o.pages, in, report)
}

// blockSelection returns the part of blocks that the flags select.
func (o *convertOptions) blockSelection(paths []string) blockSelection {
	m := &o.mapping
	b := blockSelection{paths: paths, match: o.match, zones: m.zones}
	if m.ranged {
		b.start, b.end = m.start, m.end
	}
	return b
}

// openBlocks returns the samples in blocks and servers' folders.
func openBlocks(ctx context.Context, s streams, b blockSelection, report *prom.Report) (*sampleInput, error) {
	damages := &damageLog{s: s}
	r, err := b.open(ctx, damages, report)
	if err != nil {
		return nil, err
	}
	return &sampleInput{Source: ingest.Source{SampleSource: r}, ordered: true, close: r.Close, damages: damages}, nil
}

// sorted hands the samples of src to dst by ascending time, relabelled, and flushes
// dst.
func (o *convertOptions) sorted(ctx context.Context, src *sampleInput, dst prom.SampleSink, report *prom.Report) error {
	dst = o.mapping.relabel.rules.Before(dst, report)
	if src.ordered {
		return src.end(prom.Copy(ctx, dst, src))
	}
	return src.end(prom.CopySorted(ctx, dst, src, prom.SorterOptions{Memory: int64(o.samples.memory), Report: report, KeepFirst: src.KeepFirst}))
}

// writeBlocks writes blocks of samples.
func (o *convertOptions) writeBlocks(ctx context.Context, s streams, src *sampleInput, report *prom.Report) error {
	blocks, err := o.blocks.open(ctx, report)
	if err != nil {
		return err
	}
	if err := errors.Join(o.sorted(ctx, src, blocks, report), blocks.Close()); err != nil {
		return err
	}
	src.damages.rest()
	return cmp.Or(o.blocks.print(s, blocks, report), reportLosses(s, report), src.damages.skipped())
}

// writeText writes all samples as text.
func (o *convertOptions) writeText(ctx context.Context, s streams, src *sampleInput, out string, report *prom.Report) (err error) {
	store := write.NewStore("", report)
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := o.sorted(ctx, src, store, report); err != nil {
		return err
	}
	src.damages.rest()
	t := o.textTarget(out)
	return cmp.Or(t.write(ctx, s, store, report), reportLosses(s, report), src.damages.skipped())
}
