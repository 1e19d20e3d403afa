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

// String returns the size in a form that Set accepts.
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

// addVersionFlag adds --archive-version. The value 0 means that the flag is not given.
func addVersionFlag(cmd *cobra.Command, v *pcp.Version, help string) {
	cmd.Flags().Var((*archiveVersion)(v), "archive-version", help)
	completeFlag(cmd, "archive-version", "2", "3")
}

// archiveVersion is the value of --archive-version; zero means that it is not given.
type archiveVersion pcp.Version

// String returns the version, and "" for zero.
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

// compressFlag is the only flag with an optional value.
const compressFlag = "compress"

// addVolumeFlags adds the flags for the size and the compression of volumes. which names
// the volumes that are compressed.
func addVolumeFlags(cmd *cobra.Command, size *byteSize, how *archive.Compression, which string) {
	f := cmd.Flags()
	f.Var(size, "volume-size", "maximum size of a volume before compression; 0: no limit")
	addCompressFlag(cmd, how, which)
}

// addCompressFlag adds the flag that compresses the volumes that a verb writes.
func addCompressFlag(cmd *cobra.Command, how *archive.Compression, which string) {
	f := cmd.Flags()
	f.Var(how, compressFlag, "compress "+which+" with zstd, which PCP 6.3.2 and later read, or with xz or gzip, which every PCP reads; without a value: zstd")
	f.Lookup(compressFlag).NoOptDefVal = archive.CompressZstd.String()
	completeFlag(cmd, compressFlag, "zstd", "gzip", "xz", "none")
}

// otherCompressions are values that users may give to --compress and that it rejects.
// joinCompress must not take them for archives.
var otherCompressions = []string{"lzma", "bzip2", "bz2", "gz", "zst", "lz4", "snappy", "zip", "compress", "brotli"}

// joinCompress makes "--compress gzip" one argument. The parser of flags takes the next
// argument for an operand if the value of a flag is optional, so gzip would be an archive.
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
