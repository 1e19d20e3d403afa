package ingest

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// freeName returns the name of a value's archive in a folder. Where values
// become one name, which on some file systems includes names that differ in
// case, the later ones get a number.
func freeName(taken map[string]bool, value string) string {
	name := archiveFileName(value)
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

// maxArchiveName is the longest name of an archive, in bytes: with a number and
// the ends of its files, every file system allows it.
const maxArchiveName = 200

// archiveFileName turns a label's value into the name of an archive: one
// component of a path on every system, visible, not an option, and without an
// end that makes it a file of another archive. A long name ends with a hash of
// the whole value instead of its tail.
func archiveFileName(value string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, value)
	if len(name) > maxArchiveName {
		hash := fmt.Sprintf("_%x", sha256.Sum256([]byte(value)))[:17]
		name = name[:maxArchiveName-len(hash)] + hash
	}
	if name == "" || strings.ContainsAny(name[:1], ".-") || isDeviceName(name) {
		name = "_" + name
	}
	if isMemberEnd(filepath.Ext(name)) {
		name = strings.ReplaceAll(name, ".", "_")
	}
	return name
}

// isMemberEnd reports whether a file that ends so may be one of an archive.
func isMemberEnd(ext string) bool {
	if ext == "" {
		return false
	}
	end := ext[1:]
	return strings.Trim(end, "0123456789") == "" || end == "meta" || end == "index" || slices.Contains(decomp.Suffixes[:], ext)
}

// isDeviceName reports whether Windows takes a name, regardless of the text after its first
// dot, to be that of a device.
func isDeviceName(name string) bool {
	base, _, _ := strings.Cut(strings.ToLower(name), ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	port, found := strings.CutPrefix(base, "com")
	if !found {
		port, found = strings.CutPrefix(base, "lpt")
	}
	return found && len(port) == 1 && port[0] >= '0' && port[0] <= '9'
}
