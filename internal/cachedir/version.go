package cachedir

import (
	"fmt"
	"hash/crc32"
	"runtime/debug"
	"sync"
)

// version returns the version of the kind and, if its entries are derived, of the source
// that the program was built from.
func (k Kind) version() uint32 {
	if !k.Derived {
		return k.Version
	}
	return crc32.ChecksumIEEE(fmt.Appendf(nil, "%d %s", k.Version, source()))
}

// source names the source that the program was built from.
var source = sync.OnceValue(func() (name string) {
	if info, ok := debug.ReadBuildInfo(); ok {
		name = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
				name += " " + s.Value
			}
		}
	}
	return name
})
