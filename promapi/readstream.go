package promapi

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"net/http"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunks"
)

// frameSize is the size in bytes from which a frame of a streamed reply is full.
const frameSize = 1 << 20

// stream writes frames with chunks, one series in each.
func (x *reader) stream(out *sender, req *prompb.ReadRequest) error {
	for i, q := range req.Queries {
		set, done, err := x.find(q)
		if err != nil {
			return err
		}
		chunked := storage.NewSeriesSetToChunkSet(set)
		var it chunks.Iterator
		for err == nil && chunked.Next() {
			it = chunked.At().Iterator(it)
			err = x.frames(out, int64(i), chunked.At().Labels(), it)
		}
		if err == nil {
			err = chunked.Err()
		}
		done()
		if err != nil {
			return err
		}
	}
	return http.NewResponseController(out.w).Flush()
}

// frames writes the chunks of a series, in several frames if they are large.
func (x *reader) frames(out *sender, query int64, ls labels.Labels, it chunks.Iterator) error {
	series := &prompb.ChunkedSeries{Labels: x.labels(ls)}
	size := 0
	send := func() error {
		err := writeFrame(out, &prompb.ChunkedReadResponse{ChunkedSeries: []*prompb.ChunkedSeries{series}, QueryIndex: query})
		series.Chunks, size = series.Chunks[:0], 0
		return err
	}
	for it.Next() {
		c := it.At()
		series.Chunks = append(series.Chunks, prompb.Chunk{
			MinTimeMs: c.MinTime, MaxTimeMs: c.MaxTime, Type: prompb.Chunk_Encoding(c.Chunk.Encoding()), Data: c.Chunk.Bytes(),
		})
		if size += len(c.Chunk.Bytes()); size >= frameSize {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if err := it.Err(); err != nil || len(series.Chunks) == 0 {
		return err
	}
	return send()
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writeFrame writes the length of a message, its checksum and the message.
func writeFrame(w io.Writer, m *prompb.ChunkedReadResponse) error {
	data, err := m.Marshal()
	if err != nil {
		return err
	}
	head := binary.AppendUvarint(make([]byte, 0, binary.MaxVarintLen64+crc32.Size), uint64(len(data)))
	head = binary.BigEndian.AppendUint32(head, crc32.Checksum(data, castagnoli))
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}
