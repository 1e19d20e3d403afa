package columns

import (
	"bytes"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/store"
)

// The kinds of entries in the folder. Another release may name series differently.
var (
	kind      = cachedir.Kind{Name: "columns", Version: 5, Derived: true}
	namesKind = cachedir.Kind{Name: "names", Version: 3, Derived: true}
)

// Cache keeps entries in a folder. Several goroutines and processes may use it. A nil
// Cache is empty and keeps nothing.
type Cache struct {
	dir  *cachedir.Dir
	memo namesMemo

	mu    sync.Mutex
	names map[cachedir.Key]*Names
	held  map[cachedir.Key]time.Time // when names were last seen in the folder
}

// NewCache returns a Cache in a folder. It returns nil if dir is nil.
func NewCache(dir *cachedir.Dir) *Cache {
	if dir == nil {
		return nil
	}
	return &Cache{dir: dir, memo: namesMemo{seed: maphash.MakeSeed()}, names: map[cachedir.Key]*Names{}, held: map[cachedir.Key]time.Time{}}
}

// Key returns the key of an archive in a state.
func (c *Cache) Key(s *archive.State) cachedir.Key {
	if c == nil || s == nil {
		return ""
	}
	return c.dir.KeyOf(s.Files)
}

// Get returns the entry of an archive, or nil if the cache has none. Close it after the last
// use.
func (c *Cache) Get(key cachedir.Key) *Entry {
	if c == nil || key == "" {
		return nil
	}
	file, err := c.dir.Get(key, kind)
	if err != nil {
		return nil
	}
	en, err := openEntry(file, file.Size(), c.namesOf)
	if err != nil {
		file.Close()
		if !errors.Is(err, cachedir.ErrAbsent) {
			c.Damaged(key, err)
		}
		return nil
	}
	en.close = file.Close
	return en
}

// Damaged removes an entry that cannot be read.
func (c *Cache) Damaged(key cachedir.Key, err error) {
	_ = c.dir.Damaged(key, kind, err.Error()) // Dir.Damage has it
}

// namesOf returns the Names of a key. The error is [cachedir.ErrAbsent] if they cannot be
// read.
func (c *Cache) namesOf(text string) (*Names, error) {
	key := cachedir.Key(text)
	c.mu.Lock()
	n := c.names[key]
	c.mu.Unlock()
	if n != nil {
		if !c.holds(key) {
			_, _ = c.keep(n) // costs only time
		}
		return n, nil
	}
	raw, err := c.dir.Read(key, namesKind)
	if err == nil {
		if n, err = decodeNames(raw); err != nil {
			err = c.dir.Damaged(key, namesKind, err.Error())
		}
	}
	if err != nil {
		return nil, cachedir.ErrAbsent
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.names[key]; known != nil {
		n = known
	}
	n.key, c.names[key], c.held[key] = key, n, time.Now()
	return n, nil
}

// Read is the function [Read]. It works out the names of the metrics once for all
// archives that share them.
func (c *Cache) Read(ctx context.Context, r *archive.Reader, o Options) (*Built, error) {
	if c != nil {
		o.memo = &c.memo
	}
	return Read(ctx, r, o)
}

// keep writes the names unless the folder has them, and returns their key.
func (c *Cache) keep(n *Names) (cachedir.Key, error) {
	c.mu.Lock()
	key := n.key
	c.mu.Unlock()
	if key != "" && c.holds(key) {
		return key, nil
	}
	raw := n.encode()
	key = cachedir.DerivedKey([]byte(namesKind.Name), raw)
	err := c.dir.Put(key, namesKind, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	n.key = key
	if c.names[key] == nil {
		c.names[key] = n
	}
	if err == nil {
		c.held[key] = time.Now()
	}
	return key, err
}

// holds reports whether the folder has the names of a key, and notes there that they are
// used: entries are of no use without them.
func (c *Cache) holds(key cachedir.Key) bool {
	c.mu.Lock()
	recent := time.Since(c.held[key]) < heldFor
	c.mu.Unlock()
	if recent {
		return true
	}
	file, err := c.dir.Get(key, namesKind)
	if err != nil {
		return false
	}
	_ = file.Close() // it was only looked at
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[key] = time.Now()
	return true
}

// heldFor is how long names that the folder has are not looked for again.
const heldFor = 10 * time.Second

// Put stores the samples read from an archive, together with those of an earlier entry. An error costs
// only time; Faults names it.
func (c *Cache) Put(key cachedir.Key, b *Built) error {
	if c == nil || key == "" {
		return nil
	}
	names, err := c.keep(b.Names)
	if err != nil {
		return err
	}
	c.mu.Lock()
	if known := c.names[names]; known != nil {
		b.Names = known
	}
	c.mu.Unlock()
	var earlier *Entry
	if !b.Head.Whole {
		if earlier = c.Get(key); earlier != nil {
			defer earlier.Close()
			if earlier.Whole {
				return nil
			}
		}
	}
	return c.dir.Put(key, kind, func(w io.Writer) error { return b.write(w, names, earlier) })
}

// Entry returns an entry in memory.
func (b *Built) Entry() (*Entry, error) {
	var content bytes.Buffer
	if err := b.write(&content, "", nil); err != nil { // its reader has the names
		return nil, err
	}
	return openEntry(bytes.NewReader(content.Bytes()), int64(content.Len()), func(string) (*Names, error) { return b.Names, nil })
}

// settled is how long the files of the last archive of a host must be unchanged for it to
// count as closed.
const settled = 10 * time.Minute

// Closed reports whether an archive is not being written any more: a later one of its
// host has begun, all its volumes are compressed, or its files have not changed for a
// while.
func Closed(a store.Archive, last bool) bool {
	if !last {
		return true
	}
	latest := time.Time{}
	for _, info := range a.State.Files {
		if info.ModTime().After(latest) {
			latest = info.ModTime()
		}
	}
	return Compressed(a.State) || time.Since(latest) >= settled
}

// Compressed reports whether all volumes of an archive are compressed.
func Compressed(s *archive.State) bool {
	for path := range s.Files {
		if isPlainVolume(path) {
			return false
		}
	}
	return true
}

// isPlainVolume reports whether a file of an archive is a volume that is not compressed.
func isPlainVolume(path string) bool {
	_, err := strconv.Atoi(path[strings.LastIndexByte(path, '.')+1:])
	return err == nil
}
