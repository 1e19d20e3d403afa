package archive

import (
	"context"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// WriteOptions configure how an archive is written. The zero value selects the
// defaults.
type WriteOptions struct {
	Version pcp.Version // zero means version 3
	// Buffer is the number of bytes of values that the Appender collects before
	// it writes them; zero means 1 MiB. Flush writes them at once.
	Buffer int
	// NoSync does not wait until files are on the disk. Use it for output that
	// can be created again after a power failure.
	NoSync bool
	// OnFlush serves recorders of many archives. Files are written only by Flush, Sync and
	// Close, and appear under their names with their first contents. Buffers are freed
	// when they are written. A new volume and Close do not wait for the disk; Sync does. A
	// full disk is not final: after an error for which [IsFull] is true, further calls may
	// follow, and the next Flush writes everything that is missing. Continue trusts the
	// index and reads only the end of the last volume.
	OnFlush bool
	// NoLock omits the lock against concurrent writers, and the search for
	// files of the archive in other forms. Use it for a new folder in which
	// nobody else writes.
	NoLock bool
	// Files limits the number of files that all Appenders sharing it keep open.
	// If it is nil, the Appender keeps its own files open.
	Files *FilePool

	// These limits end a data volume; zero means no limit. A new volume begins
	// with the record that would make the current one longer than VolumeSize
	// bytes, that follows VolumeRecords records including marks, or that is
	// VolumeTime or more later than the volume's first record. Every volume has
	// at least one record. The limit of the version, 2 GiB in version 2, always
	// holds. See also [Appender.Rotate].
	VolumeSize    int64
	VolumeRecords int
	VolumeTime    time.Duration

	// Compress is the form in which complete volumes are stored. The Appender
	// compresses each in the background into a file that then replaces it.
	// Until then, and after a crash or an error, the plain volume remains.
	// Continue compresses such remaining volumes.
	Compress Compression
	// CompressLast makes Close compress the last volume, too, because nothing
	// will be appended.
	CompressLast bool

	// Context may be nil. Once it has ended, nobody wants the archive: each call
	// returns its error and writes nothing. Close compresses no volume and does not
	// wait for the disk.
	Context context.Context

	// AsIs accepts descriptors without semantics or with invalid names, and a
	// label without a time zone. It serves tools that copy.
	AsIs bool

	// Accept may be nil. Continue calls it before it changes the archive and
	// fails with its error.
	Accept func(Header) error
}

const defaultBuffer = 1 << 20

// files returns the pool of the options; o may be nil.
func (o *WriteOptions) files() *FilePool {
	if o == nil {
		return nil
	}
	return o.Files
}
