package columns

import (
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/chunk"
)

// column collects the samples of one series.
type column struct {
	series *prom.Series
	batch  [chunk.BatchSize]chunk.Sample
	n      int // samples in batch
	open   chunk.XOR
	done   chunk.Chain
	count  int // samples
	first  int64
	last   int64
	// unfit says that a query of a part of the time cannot tell the samples from the
	// chunks: several have one time, or some are histograms.
	unfit bool
}

// add adds a sample.
func (c *column) add(spill *chunk.File, x *prom.Sample) error {
	if c.count > 0 && x.T <= c.last || x.Histogram != nil {
		c.unfit = true
	}
	if c.unfit {
		return nil
	}
	if c.count == 0 {
		c.first = x.T
	}
	c.count++
	c.last = x.T
	c.batch[c.n] = chunk.Sample{T: x.T, V: x.V}
	if c.n++; c.n < len(c.batch) {
		return nil
	}
	return c.pack(spill)
}

// pack moves the batch to the open chunk, and full chunks to the file.
func (c *column) pack(spill *chunk.File) error {
	for rest := c.open.Append(c.batch[:c.n]); len(rest) > 0; rest = c.open.Append(rest) {
		if err := c.cut(spill); err != nil {
			return err
		}
	}
	c.n = 0
	return nil
}

// cut moves the open chunk to the file.
func (c *column) cut(spill *chunk.File) error {
	err := spill.Put(&c.done, c.open.Record())
	c.open.Reset()
	return err
}

// chunks returns all chunks of the series. Their data is valid until the next call with
// the same buffer.
func (c *column) chunks(spill *chunk.File, buf []byte) ([]Chunk, []byte, error) {
	if err := c.pack(spill); err != nil {
		return nil, buf, err
	}
	records, buf, err := spill.Read(c.done, nil, buf)
	if err != nil {
		return nil, buf, err
	}
	if c.open.Len() > 0 {
		records = append(records, c.open.Record())
	}
	all := make([]Chunk, len(records))
	for i, r := range records {
		all[i] = Chunk{Data: r.Data, Last: r.MaxTime}
	}
	return all, buf, nil
}
