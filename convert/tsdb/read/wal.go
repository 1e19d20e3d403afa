package read

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promchunks "github.com/prometheus/prometheus/tsdb/chunks"
	promrecord "github.com/prometheus/prometheus/tsdb/record"
	"github.com/prometheus/prometheus/tsdb/tombstones"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
)

func ref(n uint64) promchunks.HeadSeriesRef { return promchunks.HeadSeriesRef(n) }

// replay reads the logs of a data folder: the last checkpoint, what was written
// to wal after it, and wbl, which has what came out of order. All samples are
// taken: those that blocks hold too are told from others when they are merged.
func (r *Reader) replay(ctx context.Context, dir string) error {
	h := newHead(r, dir)
	r.heads = append(r.heads, h)
	files, late := r.walFiles(filepath.Join(dir, "wal")), r.walFiles(filepath.Join(dir, "wbl"))
	p, err := newReplayer(h)
	if err != nil {
		return err
	}
	defer p.wal.zstd.Close()
	for _, list := range [][]string{files, late} {
		for i, path := range list {
			if err := p.file(ctx, path, i == len(list)-1); err != nil {
				return err
			}
		}
	}
	if p.unknown > 0 {
		r.damaged(dir, "", fmt.Errorf("the log has %d records of a kind that this program does not know; these were left out", p.unknown))
	}
	if h.unknown > 0 {
		r.damaged(dir, "", fmt.Errorf("the log does not say of which series %d samples are", h.unknown))
	}
	if err := h.finish(); err != nil {
		return err
	}
	if len(h.lanes) > 0 {
		r.sources = append(r.sources, h)
	}
	return nil
}

// walFiles returns the segments of a log in order: those of its last checkpoint
// and those after it.
func (r *Reader) walFiles(dir string) []string {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		r.damaged(dir, "", block.Reason(err))
		return nil
	}
	checkpoint, from := "", -1
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), "checkpoint.")
		if n, err := strconv.Atoi(number); ok && err == nil && n > from && e.IsDir() {
			checkpoint, from = filepath.Join(dir, e.Name()), n
		}
	}
	var files []string
	if checkpoint != "" {
		inside, err := os.ReadDir(checkpoint)
		if files, _, _ = numbered(checkpoint, inside, -1); len(files) == 0 && err == nil {
			err = errors.New("the checkpoint has no segment")
		}
		if err != nil {
			r.damaged(checkpoint, "", block.Reason(err))
		}
	}
	rest, first, gaps := numbered(dir, entries, from)
	if checkpoint != "" && len(rest) > 0 && first > from+1 {
		gaps = append([]int{from + 1}, gaps...)
	}
	for _, n := range gaps {
		r.damaged(dir, "", fmt.Errorf("segment %08d is missing", n))
	}
	files = append(files, rest...)
	for _, path := range files {
		if info, err := os.Stat(path); err == nil {
			r.logs += info.Size()
		}
	}
	return files
}

// numbered returns the segments after a number in order, the first one's number,
// and where numbers are missing.
func numbered(dir string, entries []os.DirEntry, after int) (paths []string, first int, gaps []int) {
	var numbers []int
	names := map[int]string{}
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > after {
			numbers = append(numbers, n)
			names[n] = e.Name()
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		paths = append(paths, filepath.Join(dir, names[n]))
		if i == 0 {
			first = n
		} else if numbers[i-1]+1 != n {
			gaps = append(gaps, numbers[i-1]+1)
		}
	}
	return paths, first, gaps
}

// replayer puts records into a head. Its buffers serve all of them.
type replayer struct {
	h       *head
	wal     *walReader
	dec     promrecord.Decoder
	builder labels.ScratchBuilder
	samples []promrecord.RefSample
	hists   []promrecord.RefHistogramSample
	floats  []promrecord.RefFloatHistogramSample
	stones  []tombstones.Stone
	unknown int // records
}

func newReplayer(h *head) (*replayer, error) {
	w, err := newWalReader()
	if err != nil {
		return nil, err
	}
	return &replayer{
		h: h, wal: w, dec: promrecord.NewDecoder(nil, slog.New(slog.DiscardHandler)),
		builder: labels.NewScratchBuilder(16),
	}, nil
}

// file replays a segment. That the last one of a log ends inside a record is no
// damage: a server was writing it, or was stopped.
func (p *replayer) file(ctx context.Context, path string, last bool) error {
	f, err := os.Open(path)
	if err != nil {
		p.h.r.damaged(path, "", err)
		return nil
	}
	defer func() { _ = f.Close() }() // it was read only
	info, err := f.Stat()
	switch {
	case err == nil && !info.Mode().IsRegular():
		err = errors.New("not a file")
	case err == nil && info.Size() == 0 && !last:
		err = errors.New("the segment is empty: nothing was logged, or it is lost")
	}
	if err != nil {
		p.h.r.damaged(path, "", block.Reason(err))
		return nil
	}
	p.wal.reset(f, info.Size())
	var before int64
	for {
		rec, err := p.wal.next()
		if p.wal.offset != before {
			p.h.r.done.Add(p.wal.offset - before)
			before = p.wal.offset
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errTorn) && last:
			continue
		case err != nil:
			p.h.r.damaged(path, "", err)
			continue
		}
		var broken error // of the temporary file
		err = block.Guard(func() (err error) {
			broken, err = p.record(rec)
			return err
		})
		if broken != nil {
			return broken
		}
		if err != nil {
			p.h.r.damaged(path, "", fmt.Errorf("record before offset %d: %w", p.wal.offset, err))
		}
	}
}

// record replays a record. The first error ends the reading, the second is about
// this record.
func (p *replayer) record(rec []byte) (broken, bad error) {
	h := p.h
	switch p.dec.Type(rec) {
	case promrecord.Series:
		return nil, walSeries(rec, &p.builder, h.declare)
	case promrecord.Metadata:
		return nil, walMetadata(rec, p.described)
	case promrecord.Samples, promrecord.SamplesV2:
		if p.samples, bad = p.dec.Samples(rec, p.samples[:0]); bad != nil {
			return nil, bad
		}
		for _, s := range p.samples {
			if broken = h.sample(uint64(s.Ref), s.T, s.V); broken != nil {
				return broken, nil
			}
		}
	case promrecord.Tombstones:
		if p.stones, bad = p.dec.Tombstones(rec, p.stones[:0]); bad != nil {
			return nil, bad
		}
		for _, stone := range p.stones {
			if s := h.refs[uint64(stone.Ref)]; s != nil {
				for _, in := range stone.Intervals {
					s.deleted = s.deleted.Add(in)
				}
			}
		}
	case promrecord.Exemplars:
		bad = walExemplars(rec, &p.builder, func(e promrecord.RefExemplar) error {
			broken = h.exemplar(e)
			return broken
		})
		if broken != nil {
			return broken, nil
		}
		return nil, bad
	case promrecord.HistogramSamples, promrecord.CustomBucketsHistogramSamples, promrecord.HistogramSamplesV2:
		if bad = walHistograms(rec); bad != nil {
			return nil, bad
		}
		if p.hists, bad = p.dec.HistogramSamples(rec, p.hists[:0]); bad != nil {
			return nil, bad
		}
		for _, s := range p.hists {
			if broken = h.histogram(uint64(s.Ref), s.T, s.H, nil); broken != nil {
				return broken, nil
			}
		}
	case promrecord.FloatHistogramSamples, promrecord.CustomBucketsFloatHistogramSamples, promrecord.FloatHistogramSamplesV2:
		if bad = walHistograms(rec); bad != nil {
			return nil, bad
		}
		if p.floats, bad = p.dec.FloatHistogramSamples(rec, p.floats[:0]); bad != nil {
			return nil, bad
		}
		for _, s := range p.floats {
			if broken = h.histogram(uint64(s.Ref), s.T, nil, s.FH); broken != nil {
				return broken, nil
			}
		}
	case promrecord.MmapMarkers: // where the server keeps what is in this log, too
	default: // of a later Prometheus
		p.unknown++
	}
	return nil, nil
}

// described notes what a server knows of a series' family.
func (p *replayer) described(m promrecord.RefMetadata) {
	if s := p.h.refs[uint64(m.Ref)]; s != nil {
		p.h.r.catalog.AddFamily(s.lset.Get(model.MetricNameLabel), string(promrecord.ToMetricType(m.Type)), m.Unit, m.Help)
	}
}
