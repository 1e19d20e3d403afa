package registry

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// open reads the records of the file and opens it for more.
func (j *journal) open(dir string, noSync bool, take func(record []byte) error) (fileState, error) {
	j.dir, j.name, j.noSync = dir, filepath.Join(dir, FileName), noSync
	_ = os.Remove(j.name + ".new") // a crash left it
	f, err := os.OpenFile(j.name, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return missing, nil
	}
	if err != nil {
		return missing, err
	}
	in := bufio.NewReaderSize(f, 64<<10)
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(in, head); err == nil && string(head) != magic && newer(string(head)) {
		return missing, errors.Join(fmt.Errorf("%s: a newer release of pcparchive wrote this file", j.name), f.Close())
	}
	j.f = f
	if string(head) != magic {
		return damaged, nil
	}
	size, state := readRecords(in, take)
	j.size = int64(len(magic)) + size
	j.snapshot = j.size
	return state, nil
}

// newer reports whether the head of a file has the form of magic with another number.
func newer(head string) bool {
	number, ok := strings.CutPrefix(head, magicStem)
	number = strings.TrimSuffix(number, "\n")
	_, err := strconv.Atoi(number)
	return ok && err == nil
}

// changedLater reports whether the metadata of an archive changed after the file, or in the
// hour before: it may have numbers that the file lost.
func (j *journal) changedLater(base string) bool {
	file, err := os.Stat(j.name)
	if err != nil {
		return true
	}
	meta, err := os.Stat(base + ".meta")
	return err == nil && file.ModTime().Sub(meta.ModTime()) < time.Hour
}

// readRecords reads records to the end of in, or to the first that is wrong. size is the
// length of those that are right.
func readRecords(in *bufio.Reader, take func(record []byte) error) (size int64, state fileState) {
	var head [8]byte
	var buf []byte
	for {
		n, err := io.ReadFull(in, head[:])
		switch {
		case err == io.EOF:
			return size, whole
		case err != nil && n > 0 && errors.Is(err, io.ErrUnexpectedEOF):
			return size, torn
		case err != nil:
			return size, damaged
		}
		sum, length := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint32(head[4:])
		if length == 0 && sum == 0 && onlyZeros(in) { // a file system may leave zeros after a crash
			return size, torn
		}
		if length > maxRecord {
			return size, damaged
		}
		buf = append(buf[:0], make([]byte, length)...)
		if _, err := io.ReadFull(in, buf); err != nil {
			return size, torn
		}
		if crc32.Checksum(buf, table) != sum {
			if _, err := in.Peek(1); err == io.EOF {
				return size, torn
			}
			return size, damaged
		}
		if take(buf) != nil {
			return size, damaged
		}
		size += int64(len(head)) + int64(length)
	}
}

// onlyZeros reports whether the rest of in has no other bytes.
func onlyZeros(in *bufio.Reader) bool {
	for {
		c, err := in.ReadByte()
		if err != nil {
			return err == io.EOF
		}
		if c != 0 {
			return false
		}
	}
}
