package archive

import (
	"cmp"
	"os"
	"time"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/diskspace"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/internal/outlock"
)

// ReadOptions configure how an archive is read. The zero value selects the
// defaults.
//
// No length claimed by a file causes a large allocation: memory grows with the
// bytes actually read, up to these limits.
type ReadOptions struct {
	// Strict ends reading at damage with an error, as PCP does. Otherwise
	// reading continues after it: see [Damage].
	Strict bool
	// MaxRecord is the longest accepted record in bytes; zero means
	// DefaultMaxRecord.
	MaxRecord int
	// MaxMetadata is the maximum length of a decompressed metadata file or
	// index in bytes; zero means DefaultMaxMetadata. The length of a plain file
	// is not limited.
	MaxMetadata int64
	// MaxWindow is the longest history in bytes that a decompressor may keep;
	// zero means DefaultMaxWindow.
	MaxWindow int64
	// Cache is the number of bytes of decompressed data that a Reader keeps to
	// make going back cheap. Zero means DefaultCache, a negative value none.
	// The cache holds xz blocks, zstd frames and whole files, each if it takes
	// at most half of the cache. Reading these from their beginning does not use
	// the cache.
	Cache int64
	// Spill is the number of bytes of decompressed data that a Reader keeps in
	// temporary files, which have no name where the system supports that. They
	// hold what does not fit into the cache, such as a volume that is compressed
	// as a single piece. Each is decompressed once, however many passes read it.
	// Zero means DefaultSpill, but at most a fifth of the free space; a negative
	// value, or a negative Cache, none.
	Spill int64

	// KeepMetadata is the number of bytes of metadata that Sets opened together
	// keep of recently used archives, in addition to the last one. Zero means
	// DefaultKeepMetadata, a negative value none. It counts bytes in the files;
	// memory use is one to three times as much.
	KeepMetadata int64

	// Poll is the time that [Reader.Follow] waits before it looks for more;
	// zero means DefaultPoll.
	Poll time.Duration

	// Stop, unless nil, is asked while metadata is read and while the end of a volume is
	// looked for, which may take decompressing all of it. Its error ends that.
	Stop func() error

	// Listing caches the contents of folders; nil reads each folder anew.
	Listing *Listing

	cache *decomp.Cache // nil if each Reader has its own
	skims *skimMemory   // nil if each Reader has its own
	state *State        // state up to which each file is read; nil means to its end

	described *descriptions // shared by archives opened together; nil if there are none
}

// Defaults of ReadOptions.
const (
	// DefaultMaxRecord leaves ample space: the longest records seen in practice
	// are instance domains of a few MiB.
	DefaultMaxRecord   = 256 << 20
	DefaultMaxMetadata = 512 << 20
	// DefaultMaxWindow suffices for every preset of xz and zstd.
	DefaultMaxWindow = decomp.DefaultWindow
	// DefaultCache holds three blocks of the length that PCP's tools write.
	DefaultCache        = 32 << 20
	DefaultSpill        = 2 << 30
	DefaultKeepMetadata = 64 << 20
	DefaultPoll         = time.Second
)

// Shared returns o with defaults filled in, a common cache and a Listing, for
// opening several archives. They hold descriptors and help texts that several have
// once. o may be nil.
func (o *ReadOptions) Shared() *ReadOptions {
	all := o.withDefaults()
	if all.Listing == nil {
		all.Listing = &Listing{}
	}
	if all.described == nil {
		all.described = newDescriptions()
	}
	return &all
}

// stopped returns the error that ends reading, if there is one.
func (o *ReadOptions) stopped() error { return halt.Asked(o.Stop) }

// withDefaults returns o with defaults filled in; o may be nil.
func (o *ReadOptions) withDefaults() ReadOptions {
	var all ReadOptions
	if o != nil {
		all = *o
	}
	all.MaxRecord = cmp.Or(all.MaxRecord, DefaultMaxRecord)
	all.MaxMetadata = cmp.Or(all.MaxMetadata, DefaultMaxMetadata)
	all.MaxWindow = cmp.Or(all.MaxWindow, DefaultMaxWindow)
	all.KeepMetadata = cmp.Or(all.KeepMetadata, DefaultKeepMetadata)
	all.Poll = cmp.Or(all.Poll, DefaultPoll)
	if all.cache == nil {
		all.cache = decomp.NewCache(max(0, cmp.Or(all.Cache, DefaultCache)))
		all.cache.SetSpill(all.spill())
	}
	if all.skims == nil {
		all.skims = &skimMemory{left: skimLimit}
	}
	return all
}

// spill returns the bound and the place of temporary files. A bound that the
// caller chose holds whatever space is free.
func (o *ReadOptions) spill() decomp.Spill {
	if o.Cache < 0 || o.Spill < 0 {
		return decomp.Spill{}
	}
	limit := o.Spill
	if limit == 0 {
		limit = DefaultSpill
		if _, free, ok := diskspace.Of(os.TempDir()); ok {
			limit = min(limit, free/5)
		}
	}
	return decomp.Spill{Limit: limit, Create: func() (decomp.SpillFile, error) { return outlock.NewTempFile("") }}
}
