package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/internal/cachedir"
)

// cacheFlags say where a command keeps data derived from archives.
type cacheFlags struct {
	dir  string
	size byteSize
}

// cacheOff is the value of --cache that keeps nothing.
const cacheOff = "off"

// addCacheFlags adds the flags of the cache.
func addCacheFlags(cmd *cobra.Command, c *cacheFlags) {
	f := cmd.Flags()
	f.StringVar(&c.dir, "cache", "", `folder for data that makes later queries faster; it may be deleted at any time; "off": no folder (default pcparchive in the user's folder for caches)`)
	f.Var(&c.size, "cache-size", "maximum size of the cache, as in 500MiB; 0: 2GiB or a fifth of the free space, whichever is less")
	_ = cmd.MarkFlagDirname("cache") // fails only for an unknown flag
}

// open returns the folder of the cache, nil if there is none.
func (c cacheFlags) open() *cachedir.Dir {
	dir := c.dir
	if dir == cacheOff {
		return nil
	}
	if dir == "" {
		var err error
		if dir, err = cachedir.DefaultPath(); err != nil {
			return nil // a system user without a home
		}
	}
	return cachedir.Open(dir, int64(c.size))
}

// reportFaults prints the faults of the cache. It does not change the result. A default folder
// that cannot be written is of no interest to the user.
func (c cacheFlags) reportFaults(w io.Writer, dir *cachedir.Dir) {
	for _, err := range dir.Damage() {
		fmt.Fprintln(w, err)
	}
	if err := dir.Fault(); err != nil && c.dir != "" {
		fmt.Fprintln(w, err)
	}
}
