package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/ingest"
)

// sampleInput is Prometheus data that a verb reads, with its progress and damage.
type sampleInput struct {
	ingest.Source
	ordered bool         // all samples together come by ascending time
	done    func()       // clears the progress; may be nil
	close   func() error // closes the data; may be nil
	damages *damageLog   // faults found while reading; may be nil
}

// end clears the progress, closes the data and joins the error of closing to err.
func (in *sampleInput) end(err error) error {
	if in.done != nil {
		in.done()
	}
	if in.close != nil {
		err = errors.Join(err, in.close())
	}
	return err
}

// importSamples makes archives of samples and prints them.
func importSamples(ctx context.Context, s streams, o sampleOptions, in *sampleInput, report *prom.Report) error {
	im, err := o.importer(report)
	if err != nil {
		return in.end(err)
	}
	res, err := im.Samples(ctx, in.Source)
	if err := in.end(importError(err)); err != nil {
		return err
	}
	if len(res.Archives) == 0 {
		return in.damages.nothing()
	}
	in.damages.rest()
	return cmp.Or(printImport(s, &o, res, report), in.damages.skipped())
}
