package main

import (
	"cmp"
	"context"
	"errors"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// sampleInput is Prometheus data that a verb reads.
type sampleInput struct {
	prom.SampleSource
	ordered bool // all samples together come by ascending time
	// keepFirst is set for input in which a series may repeat at one time:
	// Prometheus keeps the first sample.
	keepFirst bool
	// natives knows the series that the input says are PCP metrics; it may be nil.
	natives func(host string) native.Resolver
	// contextLabels names labels that are those of a host, after the reading; it
	// may be nil.
	contextLabels func() []string
	// hostOf and ofEndpoint are as those of sampleGroups; they may be nil.
	hostOf     func(hostname string) string
	ofEndpoint func(s *prom.Series) bool
	done       func()       // takes the progress away
	close      func() error // may be nil
	damages    *damageLog   // of which its user names the rest; may be nil
}

// read hands all samples to dst.
func (in *sampleInput) read(ctx context.Context, dst prom.SampleSink) error {
	err := in.Samples(ctx, dst)
	in.done()
	if in.close != nil {
		err = errors.Join(err, in.close())
	}
	return err
}

// importSamples makes archives of samples.
func importSamples(ctx context.Context, s streams, o sampleOptions, in *sampleInput, report *prom.Report) (err error) {
	im, err := newImporting(ctx, &o, in.keepFirst, report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, im.Close()) }()
	im.archives.natives, im.contextLabels, im.damages = in.natives, in.contextLabels, in.damages
	im.archives.hostOf, im.archives.ofEndpoint = in.hostOf, in.ofEndpoint
	chain := o.relabel.before(im, report)
	if err := in.read(ctx, chain); err != nil {
		return err
	}
	if err := chain.Flush(ctx); err != nil {
		return err
	}
	return cmp.Or(im.finish(s), in.damages.skipped())
}
