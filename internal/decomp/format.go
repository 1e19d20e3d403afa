package decomp

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
)

// Format is a compression format.
type Format int8

// The formats.
const (
	Plain Format = iota // not compressed
	XZ
	LZMA // predecessor of xz, "LZMA alone"
	Bzip2
	Gzip
	Compress // LZW, suffix .Z
	Zstd
)

var names = [...]string{Plain: "plain", XZ: "xz", LZMA: "lzma", Bzip2: "bzip2", Gzip: "gzip", Compress: "compress", Zstd: "zstd"}

// Suffixes are the suffixes of compressed files that PCP's tools recognize.
var Suffixes = [...]string{".xz", ".lzma", ".bz2", ".bz", ".gz", ".Z", ".z", ".zst"}

// String returns the name of the program that writes the format.
func (f Format) String() string {
	if f < Plain || int(f) >= len(names) {
		return "format " + strconv.Itoa(int(f))
	}
	return names[f]
}

// headSize is the number of bytes at the start of a file that Detect needs.
const headSize = 13

const (
	xzMagic       = "\xfd7zXZ\x00"
	zstdMagic     = 0xfd2fb528
	skipMagic     = 0x184d2a50 // the low four bits may have any value
	skipMagicMask = 0xfffffff0
)

// Detect returns the format of a file that starts with head, Plain if it is not
// compressed.
func Detect(head []byte) Format {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has(xzMagic):
		return XZ
	case has("BZh"):
		return Bzip2
	case has("\x1f\x8b"):
		return Gzip
	case has("\x1f\x9d"):
		return Compress
	case len(head) >= 4 && isZstd(binary.LittleEndian.Uint32(head)):
		return Zstd
	case isLZMA(head):
		return LZMA
	}
	return Plain
}

func isZstd(magic uint32) bool { return magic == zstdMagic || magic&skipMagicMask == skipMagic }

// isLZMA recognizes an lzma header, which has no magic number, by the same
// rules as xz: properties in range, a dictionary of 2^n or 2^n+2^(n-1) bytes,
// and a size that is unknown or plausible.
func isLZMA(head []byte) bool {
	if len(head) < headSize || head[0] >= 9*5*5 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	if dict < 1<<12 || size != 1<<64-1 && size >= 1<<38 {
		return false
	}
	return dict == 1<<32-1 || bits.OnesCount32(dict) == 1 || bits.OnesCount32(dict) == 2 && dict&(dict>>1) != 0
}
