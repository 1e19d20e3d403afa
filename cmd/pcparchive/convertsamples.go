package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/format"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb"
	"github.com/pcparchive/pcparchive/pcp"
)

// fromSamples converts what Prometheus has.
func (o *convertOptions) fromSamples(ctx context.Context, s streams, in []string, out string) error {
	if o.from == format.Blocks && o.to == format.Archive {
		t := importTSDBOptions{sampleOptions: o.samples, match: o.match}
		if o.blocks.mapping.ranged {
			t.start, t.end = o.blocks.mapping.start, o.blocks.mapping.end
		}
		t.splitGiven = t.splitBy != ""
		return runImportTSDB(ctx, s, t, in)
	}
	if o.to == format.Text || o.to == format.OpenMetrics {
		if err := cmp.Or(checkTextReport(out, o.samples.output), checkOutput(out, in)); err != nil {
			return err
		}
	}
	report := &prom.Report{}
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

// openSamples opens what Prometheus has.
func (o *convertOptions) openSamples(ctx context.Context, s streams, in []string, report *prom.Report) (*sampleInput, error) {
	m := &o.blocks.mapping
	if o.from == format.Blocks {
		return openBlocks(ctx, s, in, m, o.match, report)
	}
	if m.ranged {
		return nil, usageError{errors.New("--start and --end are for archives and blocks")}
	}
	if o.from == format.JSON {
		return openReplies(s, o.metric, in, report)
	}
	return openPages(s, o.pages, in, report)
}

// openBlocks returns what blocks and servers' folders hold.
func openBlocks(ctx context.Context, s streams, in []string, m *mappingOptions, match []string, report *prom.Report) (*sampleInput, error) {
	damages := &damageLog{s: s}
	r, err := tsdb.OpenReader(ctx, in, tsdb.ReadOptions{Match: match, Report: report, Damaged: damages.addBlock})
	if err != nil {
		return nil, err
	}
	if m.ranged {
		var span tsdbSpan
		span.start, span.end, _ = r.Span()
		from, to, err := m.times(m.zones.over(span))
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		last := int64(math.MaxInt64)
		if to.Before(pcp.MaxTime) {
			last = to.Milli()
		}
		r.Limit(from.Milli(), last)
	}
	return &sampleInput{
		SampleSource: r, ordered: true,
		natives: func(string) native.Resolver { return r.Natives(report) },
		hostOf:  r.Host, ofEndpoint: originOfEndpoint,
		done: func() {}, close: r.Close, damages: damages,
	}, nil
}

// sorted hands the samples of src to dst by ascending time, relabelled, and
// flushes it. It closes dst.
func (o *convertOptions) sorted(ctx context.Context, src *sampleInput, dst prom.SampleSink, report *prom.Report) error {
	dst = o.blocks.mapping.relabel.before(dst, report)
	if !src.ordered {
		dst = prom.NewSorter(dst, prom.SorterOptions{Memory: int64(o.samples.memory), Report: report, KeepFirst: src.keepFirst})
	}
	err := src.read(ctx, dst)
	if err == nil {
		err = dst.Flush(ctx)
	}
	return errors.Join(err, dst.Close())
}

// writeBlocks writes blocks of samples.
func (o *convertOptions) writeBlocks(ctx context.Context, s streams, src *sampleInput, report *prom.Report) error {
	blocks, err := o.blocks.open(report)
	if err != nil {
		return err
	}
	if err := o.sorted(ctx, src, blocks, report); err != nil {
		return err
	}
	src.damages.rest()
	return cmp.Or(o.blocks.tell(s, blocks, report), sayLosses(s, report), src.damages.skipped())
}

// writeText writes all samples as text.
func (o *convertOptions) writeText(ctx context.Context, s streams, src *sampleInput, out string, report *prom.Report) (err error) {
	store := tsdb.NewStore("", report)
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := o.sorted(ctx, src, borrowed{store}, report); err != nil {
		return err
	}
	src.damages.rest()
	syntax := expo.Text
	if o.to == format.OpenMetrics {
		syntax = expo.OpenMetrics
	}
	err = toOutput(ctx, s, out, func(w io.Writer) error {
		return expo.WriteDump(w, store, expo.Options{Format: syntax, PCP: o.comments}, report)
	})
	if err != nil {
		return err
	}
	return cmp.Or(tellText(s, out, o.samples.output, report), sayLosses(s, report), src.damages.skipped())
}

// borrowed is a SampleSink that its owner flushes and closes, not what feeds it.
type borrowed struct{ prom.SampleSink }

// Flush does nothing.
func (borrowed) Flush(context.Context) error { return nil }

// Close does nothing.
func (borrowed) Close() error { return nil }
