package columns

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/pcparchive/pcparchive/internal/cachedir"
)

// footerSize is the size of the end of an entry: offset 8, size and checksum of the
// directory 4 each, zero 4, checksum of all this 4.
const footerSize = 24

// writer writes the content of an entry.
type writer struct {
	dst io.Writer
	at  int64
	err error
}

func (w *writer) write(p []byte) {
	if w.err == nil {
		_, w.err = w.dst.Write(p)
		w.at += int64(len(p))
	}
}

// write writes an entry with the metrics of b, and those of an earlier entry of the same
// archive, which may be nil.
func (b *Built) write(dst io.Writer, names cachedir.Key, earlier *Entry) error {
	w := &writer{dst: dst}
	all := blocks{names: len(b.Names.All)}
	var buf []byte
	for i := range b.Names.All {
		at := block{}
		switch {
		case b.Head.Unfit != "":
		case b.left[i]:
			at.state = Left
		case b.read[i]:
			at, buf = b.metric(w, i, buf)
		case earlier != nil:
			at = earlier.copyBlock(w, i)
		}
		if w.err != nil {
			return w.err
		}
		if at.name = i; at.state != Unknown {
			all.list = append(all.list, at)
		}
	}
	var e encoder
	e.directory(&b.Head, names, all)
	at := w.at
	w.write(e.B)
	footer := binary.LittleEndian.AppendUint64(nil, uint64(at))
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(e.B)))
	footer = binary.LittleEndian.AppendUint32(footer, checksum(e.B))
	footer = append(footer, 0, 0, 0, 0)
	w.write(binary.LittleEndian.AppendUint32(footer, checksum(footer)))
	return w.err
}

// metric writes the block of a metric.
func (b *Built) metric(w *writer, i int, buf []byte) (block, []byte) {
	members := b.metrics[i]
	all := make([]Series, len(members))
	var data bytes.Buffer
	first := firstTimes{until: b.Head.First.Add(PaceTime).Milli()}
	for j, m := range members {
		var chunks []Chunk
		if chunks, buf, w.err = m.chunks(&b.spill, buf); w.err != nil {
			return block{}, buf
		}
		all[j] = Series{Labels: m.series.Labels, Sem: m.series.Sem, Live: m.live, First: m.first, Chunks: chunks}
		first.add(&all[j])
		for k := range chunks {
			c := &chunks[k]
			c.sum, c.size = checksum(c.Data), len(c.Data)
			data.Write(c.Data)
			c.Data = nil
		}
	}
	var e encoder
	e.seriesHead(all)
	at := block{state: Kept, offset: w.at, head: len(e.B), data: data.Len(), sum: checksum(e.B), pace: first.pace(b.Head.Marks)}
	w.write(e.B)
	w.write(data.Bytes())
	return at, buf
}

// copyBlock copies the block of a metric as it is.
func (en *Entry) copyBlock(w *writer, i int) block {
	b := en.blocks.block(i)
	if b.state != Kept {
		return b
	}
	raw := make([]byte, b.head+b.data)
	if _, w.err = en.src.ReadAt(raw, b.offset); w.err != nil {
		return block{}
	}
	b.offset = w.at
	w.write(raw)
	return b
}
