package csv

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"github.com/pcparchive/pcparchive/internal/eof"
	"github.com/pcparchive/pcparchive/internal/spill"
	"github.com/pcparchive/pcparchive/pcp"
)

// longValue is a value of a long table.
type longValue struct {
	stamp  pcp.Timestamp
	series uint32 // markSeries for a mark
	line   uint32
	text   bool
	cell   string // as in the table
}

// markSeries sorts marks before the values of the same time.
const markSeries = 0

func compareLong(a, b longValue) int {
	return cmp.Or(a.stamp.Compare(b.stamp), cmp.Compare(a.series, b.series), cmp.Compare(a.line, b.line))
}

const (
	runBytes   = 48 << 20 // of the values that are sorted in memory
	valueBytes = 64       // of a value, without its cell
	maxLine    = 1<<31 - 1
)

// longSorter sorts values by time. Values that do not fit the memory wait in a temporary
// file, as runs that are sorted.
type longSorter struct {
	values []longValue
	bytes  int
	file   spill.File
	runs   []longRun
	sorted bool // values are in order
	limit  int  // of bytes in memory; zero means runBytes
}

// longRun is the part of the file that has a run.
type longRun struct{ from, to int64 }

// add adds a value.
func (s *longSorter) add(v longValue) error {
	if n := len(s.values); n > 0 && compareLong(s.values[n-1], v) > 0 {
		s.sorted = false
	} else if n == 0 {
		s.sorted = true
	}
	s.values = append(s.values, v)
	if s.bytes += valueBytes + len(v.cell); s.bytes < cmp.Or(s.limit, runBytes) {
		return nil
	}
	return s.writeRun()
}

// sort sorts the values in memory.
func (s *longSorter) sort() {
	if !s.sorted {
		slices.SortFunc(s.values, compareLong)
		s.sorted = true
	}
}

// writeRun writes the values in memory to the file.
func (s *longSorter) writeRun() error {
	s.sort()
	run := longRun{from: s.file.Size()}
	for _, v := range s.values {
		b, err := s.file.Reserve(valueBytes + len(v.cell))
		if err != nil {
			return err
		}
		b = binary.AppendVarint(b, v.stamp.Sec)
		b = binary.AppendUvarint(b, uint64(v.stamp.Nsec))
		b = binary.AppendUvarint(b, uint64(v.series)<<1|btou(v.text))
		b = binary.AppendUvarint(b, uint64(v.line))
		b = binary.AppendUvarint(b, uint64(len(v.cell)))
		s.file.Keep(append(b, v.cell...))
	}
	run.to = s.file.Size()
	s.runs = append(s.runs, run)
	clear(s.values)
	s.values, s.bytes = s.values[:0], 0
	return nil
}

func btou(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// each calls yield for all values in order, until it returns false.
func (s *longSorter) each(yield func(longValue) bool) error {
	s.sort()
	heads := make([]*runReader, 0, len(s.runs)+1)
	heads = append(heads, &runReader{memory: s.values})
	for _, run := range s.runs {
		heads = append(heads, &runReader{in: bufio.NewReaderSize(io.NewSectionReader(&s.file, run.from, run.to-run.from), 64<<10)})
	}
	for i := len(heads) - 1; i >= 0; i-- {
		if err := heads[i].next(); errors.Is(err, io.EOF) {
			heads = slices.Delete(heads, i, i+1)
		} else if err != nil {
			return err
		}
	}
	for len(heads) > 0 {
		least := 0
		for i := range heads {
			if compareLong(heads[i].value, heads[least].value) < 0 {
				least = i
			}
		}
		if !yield(heads[least].value) {
			return nil
		}
		if err := heads[least].next(); errors.Is(err, io.EOF) {
			heads = slices.Delete(heads, least, least+1)
		} else if err != nil {
			return err
		}
	}
	return nil
}

// runReader reads the values of a run, from memory or from the file.
type runReader struct {
	memory []longValue
	in     *bufio.Reader // nil for memory
	value  longValue
}

// next reads the next value. At the end it returns io.EOF.
func (r *runReader) next() error {
	if r.in == nil {
		if len(r.memory) == 0 {
			return io.EOF
		}
		r.value, r.memory = r.memory[0], r.memory[1:]
		return nil
	}
	sec, err := binary.ReadVarint(r.in)
	if err != nil {
		return err // io.EOF at the end
	}
	var rest [4]uint64
	for i := range rest {
		if rest[i], err = binary.ReadUvarint(r.in); err != nil {
			return eof.Early(err)
		}
	}
	text := make([]byte, rest[3])
	if _, err := io.ReadFull(r.in, text); err != nil {
		return eof.Early(err)
	}
	r.value = longValue{pcp.Timestamp{Sec: sec, Nsec: int32(rest[0])}, uint32(rest[1] >> 1), uint32(rest[2]), rest[1]&1 != 0, string(text)}
	return nil
}
