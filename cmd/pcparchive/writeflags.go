package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// byteSize is the value of a flag, such as 100MB or 1GiB.
type byteSize int64

// String returns the size as a flag may have it.
func (b *byteSize) String() string {
	if *b == 0 {
		return "0"
	}
	return humanize.IBytes(uint64(*b))
}

// Set parses a size.
func (b *byteSize) Set(s string) error {
	n, err := humanize.ParseBytes(s)
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("want a size such as 100MB or 1GiB")
	}
	*b = byteSize(n)
	return nil
}

// Type names the value in help.
func (*byteSize) Type() string { return "size" }

// addVersionFlag adds --archive-version, of which 0 is the default.
func addVersionFlag(cmd *cobra.Command, v *pcp.Version, help string) {
	cmd.Flags().Var((*archiveVersion)(v), "archive-version", help)
	completeFlag(cmd, "archive-version", "2", "3")
}

// archiveVersion is a version that may be left open.
type archiveVersion pcp.Version

// String returns "" for the version that is left open.
func (v *archiveVersion) String() string {
	if *v == 0 {
		return ""
	}
	return pcp.Version(*v).String()
}

// Set parses a version.
func (v *archiveVersion) Set(s string) error { return (*pcp.Version)(v).Set(s) }

// Type names the value in help.
func (v *archiveVersion) Type() string { return (*pcp.Version)(v).Type() }

// compressFlag is the flag whose value may be left out.
const compressFlag = "compress"

// addVolumeFlags adds what says how volumes are written.
func addVolumeFlags(cmd *cobra.Command, size *byteSize, how *archive.Compression, which string) {
	f := cmd.Flags()
	f.Var(size, "volume-size", "begin a new volume before one is longer than this, uncompressed; 0: no such limit")
	f.Var(how, compressFlag, "compress "+which+": zstd, which PCP reads from 6.3.2 on, or gzip, which every PCP reads; alone: zstd")
	f.Lookup(compressFlag).NoOptDefVal = archive.CompressZstd.String()
	completeFlag(cmd, compressFlag, "zstd", "gzip", "none")
}

// otherCompressions are what else may be meant after --compress, to be refused as
// such rather than taken for an archive.
var otherCompressions = []string{"xz", "lzma", "bzip2", "bz2", "gz", "zst", "lz4", "snappy", "zip", "compress", "brotli"}

// joinCompress makes "--compress gzip" one argument. Flags whose value may be
// left out are parsed as if they had none, and gzip would be an archive.
func joinCompress(args []string) []string {
	i := slices.Index(args, "--"+compressFlag)
	if i < 0 || i+1 == len(args) || slices.Contains(args[:i], "--") {
		return args
	}
	var c archive.Compression
	if c.Set(args[i+1]) != nil && (!slices.Contains(otherCompressions, args[i+1]) || store.Exists(args[i+1])) {
		return args
	}
	return slices.Concat(args[:i], []string{args[i] + "=" + args[i+1]}, args[i+2:])
}
