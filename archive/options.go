package archive

import (
	"cmp"
	"time"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// ReadOptions change how an archive is read. The zero value is the default.
//
// No length that a file claims is trusted with memory: what reading takes
// follows what the files hold, up to these limits.
type ReadOptions struct {
	// Strict makes damage end what is read with the error, as in the reference.
	// Otherwise reading goes on after it: see [Damage].
	Strict bool
	// MaxRecord is the longest record accepted, in bytes; 0: DefaultMaxRecord.
	MaxRecord int
	// MaxMetadata is how many bytes a compressed metadata file or index may
	// hold; 0: DefaultMaxMetadata. Of plain files their size is the limit.
	MaxMetadata int64
	// MaxWindow is the longest history that a decompressor may keep, in bytes;
	// 0: DefaultMaxWindow.
	MaxWindow int64
	// Cache is how many bytes of decompressed data a Reader keeps so that going
	// back to a place is cheap; 0: DefaultCache, negative: none. Kept are xz
	// blocks, zstd frames and whole files, each if it is at most half as long.
	// Reading on from the beginning of a file uses none of it.
	Cache int64

	// KeepMetadata is up to how many bytes of metadata, as the files hold it, the
	// Sets that were opened together keep of archives that they used before the
	// last one; 0: DefaultKeepMetadata, negative: none. In memory it takes once
	// to three times as much.
	KeepMetadata int64

	// Poll is how long [Reader.Follow] waits before it looks for more; 0:
	// DefaultPoll.
	Poll time.Duration

	// Listing remembers what folders hold; nil: each is listed anew.
	Listing *Listing

	cache *decomp.Cache // nil: each Reader has one of its own
}

// Defaults of ReadOptions.
const (
	// DefaultMaxRecord: the longest records seen in practice are instance
	// domains of a few MiB.
	DefaultMaxRecord   = 256 << 20
	DefaultMaxMetadata = 512 << 20
	// DefaultMaxWindow suffices for every preset of xz and zstd.
	DefaultMaxWindow = decomp.DefaultWindow
	// DefaultCache holds three blocks of the length that PCP's tools write.
	DefaultCache        = 32 << 20
	DefaultKeepMetadata = 64 << 20
	DefaultPoll         = time.Second
)

// Shared returns the options that apply, for several archives that share the
// memory of Cache and a Listing. A nil o means defaults.
func (o *ReadOptions) Shared() *ReadOptions {
	all := o.withDefaults()
	if all.Listing == nil {
		all.Listing = &Listing{}
	}
	return &all
}

// withDefaults returns the options that apply.
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
	}
	return all
}
