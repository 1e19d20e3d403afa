package cachedir

import (
	"fmt"
	"hash/crc32"
	"runtime/debug"
)

// Version returns the version of a Kind whose entries hold what the program works out by
// rules that may change from release to release. It stands for the form of the entries
// and for the source that the program was built from.
func Version(form uint32) uint32 {
	source := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		source = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
				source += " " + s.Value
			}
		}
	}
	return crc32.ChecksumIEEE(fmt.Appendf(nil, "%d %s", form, source))
}
