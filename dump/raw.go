package dump

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pcparchive/pcparchive/internal/eof"
)

// Raw prints the framed records of the file with the given name as hexadecimal words.
// Of a temporal index it prints the label alone, because index entries have no frame.
func Raw(w io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	d := rawDumper{in: bufio.NewReaderSize(f, bufferSize), out: bufio.NewWriterSize(w, bufferSize)}
	fmt.Fprintf(d.out, "Raw dump of physical archive file \"%s\" ...\n", name)
	err = d.records(name)
	if werr := d.out.Flush(); err == nil {
		err = werr
	}
	return err
}

type rawDumper struct {
	in  *bufio.Reader
	out *bufio.Writer
	off int64
}

const unexpectedEOF = "Unexpected EOF\n"

func (d *rawDumper) records(name string) error {
	for {
		n, got, err := d.word()
		if got < 4 {
			return err // fewer bytes than a length are no record
		}
		fmt.Fprintf(d.out, "Dump ... record len: %d @ offset: %d", n, d.off-4)
		if err := d.body(int64(n) - 8); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		d.out.WriteByte('\n')
		start := d.off
		switch tail, got, err := d.word(); {
		case got == 0:
			d.out.WriteString(unexpectedEOF)
			return fmt.Errorf("%s: offset %d: no length after the record: %w", name, start, io.ErrUnexpectedEOF)
		case got < 4:
			return fmt.Errorf("%s: offset %d: half a length after the record: %w", name, start, errors.Join(io.ErrUnexpectedEOF, err))
		case tail != n:
			fmt.Fprintf(d.out, "Trailer botch: %d != %d\n", tail, n)
			return fmt.Errorf("%s: offset %d: length %d before the record, %d after", name, start, n, tail)
		}
	}
}

// word reads a length. got is the number of its bytes that the file holds.
func (d *rawDumper) word() (n int32, got int, err error) {
	var word [4]byte
	got, err = io.ReadFull(d.in, word[:])
	if eof.Is(err) {
		err = nil
	}
	d.off += int64(got)
	return int32(binary.BigEndian.Uint32(word[:])), got, err
}

// body prints n bytes: four bytes a word, eight words a line.
func (d *rawDumper) body(n int64) error {
	const digits = "0123456789abcdef"
	for i := range n {
		c, err := d.in.ReadByte()
		if errors.Is(err, io.EOF) {
			d.out.WriteString(unexpectedEOF)
			return nil
		}
		if err != nil {
			return err
		}
		d.off++
		switch {
		case i%32 == 0:
			d.out.WriteString("\n ")
		case i%4 == 0:
			d.out.WriteByte(' ')
		}
		d.out.WriteByte(digits[c>>4])
		d.out.WriteByte(digits[c&15])
	}
	return nil
}
