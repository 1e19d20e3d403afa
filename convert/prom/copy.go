package prom

import (
	"context"
	"errors"
)

// Copy hands all samples of src to dst and flushes dst. It does not close dst.
func Copy(ctx context.Context, dst SampleSink, src SampleSource) error {
	if err := src.Samples(ctx, dst); err != nil {
		return err
	}
	return dst.Flush(ctx)
}

// CopySorted is Copy for a source whose samples come in any order of time: a
// [Sorter] hands them to dst by ascending time.
func CopySorted(ctx context.Context, dst SampleSink, src SampleSource, o SorterOptions) error {
	s := NewSorter(dst, o)
	return errors.Join(Copy(ctx, s, src), s.release())
}
