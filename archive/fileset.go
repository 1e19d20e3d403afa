package archive

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pcparchive/pcparchive/internal/decomp"
)

// Member is a file of an archive.
type Member struct {
	Path     string
	Role     Role
	Volume   int    // number of a data volume
	Compress string // suffix, "" for a plain file
	Size     int64  // bytes on the disk
}

// splitMember splits a file name into the base name of the archive and the
// file's role in it.
func splitMember(name string) (base string, m Member, ok bool) {
	stem := name
	for _, suffix := range decomp.Suffixes {
		if s, found := strings.CutSuffix(name, suffix); found {
			stem, m.Compress = s, suffix
			break
		}
	}
	dot := strings.LastIndexByte(stem, '.')
	if dot <= 0 {
		return "", m, false
	}
	switch kind := stem[dot+1:]; kind {
	case "meta":
		m.Role = RoleMeta
	case "index":
		m.Role = RoleIndex
	default:
		n, err := strconv.Atoi(kind)
		if err != nil || n < 0 || n > math.MaxInt32 || strconv.Itoa(n) != kind {
			return "", m, false
		}
		m.Volume = n
	}
	return stem[:dot], m, true
}

// Members finds the files of an archive: metadata first, then index, then
// volumes in ascending order. path is the archive's base or any of its files.
// Of a plain and a compressed file with the same role, Members returns the
// plain one. The error wraps fs.ErrNotExist if no file exists.
func Members(path string) (base string, members []Member, err error) {
	return membersIn(path, membersOf)
}

// AllMembers returns all files of the archive with exactly the given base path, in the
// order of [Members]. A file may be there in several forms.
func AllMembers(base string) ([]Member, error) {
	dir, name := filepath.Split(base)
	found, err := membersOf(dir, name)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, noFile(base, name)
	}
	sortMembers(found)
	return found, nil
}

// membersIn does the work of Members; of lists the files of an archive in a
// folder.
func membersIn(path string, of func(dir, name string) ([]Member, error)) (base string, members []Member, err error) {
	dir, name := filepath.Split(path)
	found, err := of(dir, name)
	if err != nil {
		return "", nil, err
	}
	asked := name
	if stem, _, ok := splitMember(name); ok && len(found) == 0 {
		name = stem
		if found, err = of(dir, name); err != nil {
			return "", nil, err
		}
	}
	if len(found) == 0 {
		return "", nil, noFile(path, asked)
	}
	return dir + name, arrange(found), nil
}

// noFile is the error for a path of which there is no archive with the name asked.
func noFile(path, asked string) error {
	return fmt.Errorf("archive %s: no %s.meta or volume: %w", path, asked, fs.ErrNotExist)
}

// arrange sorts the files of an archive as Members returns them. Of a plain and a
// compressed file with the same role it keeps the plain one.
func arrange(found []Member) []Member {
	sortMembers(found)
	return slices.CompactFunc(found, func(a, b Member) bool { return a.Role == b.Role && a.Volume == b.Volume })
}

// sortMembers sorts files by role, volume and form.
func sortMembers(found []Member) {
	order := [...]int{RoleMeta: 0, RoleIndex: 1, RoleData: 2}
	slices.SortFunc(found, func(a, b Member) int {
		return cmp.Or(cmp.Compare(order[a.Role], order[b.Role]), cmp.Compare(a.Volume, b.Volume), cmp.Compare(a.Compress, b.Compress))
	})
}

// membersOf finds all files of the archive with exactly the given base name.
// While it reads the folder, a compressed file may replace a plain one so that
// it sees neither. It therefore reads again while a file is missing, until two
// readings agree.
func membersOf(dir, name string) (found []Member, err error) {
	list := func() ([]Member, error) {
		all, _, err := listFolder(dir, func(base string) bool { return base == name })
		return measure(all[name]), err
	}
	found, err = list()
	for tries := 0; tries < 10 && err == nil && incomplete(found); tries++ {
		before := found
		found, err = list()
		if slices.EqualFunc(before, found, func(a, b Member) bool { return a.Path == b.Path }) {
			break
		}
	}
	return found, err
}

// incomplete reports whether some expected file of an archive is missing.
func incomplete(found []Member) bool {
	volumes, highest, described := map[int]bool{}, -1, false
	for _, m := range found {
		switch m.Role {
		case RoleMeta:
			described = true
		case RoleData:
			volumes[m.Volume] = true
			highest = max(highest, m.Volume)
		}
	}
	return len(found) > 0 && (!described || len(volumes) <= highest)
}

// listFolder reads a folder once and returns the members of its archives by
// base name, without their sizes, and the names of the folders in it. want selects
// archives; nil selects all.
func listFolder(dir string, want func(base string) bool) (found map[string][]Member, folders []string, err error) {
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	if err != nil {
		return nil, nil, err
	}
	found = map[string][]Member{}
	for _, e := range entries {
		if e.IsDir() {
			folders = append(folders, e.Name())
			continue
		}
		if base, m, ok := splitMember(e.Name()); ok && (want == nil || want(base)) {
			m.Path = dir + e.Name()
			found[base] = append(found[base], m)
		}
	}
	return found, folders, nil
}

// measure returns those members that are regular files, with their sizes.
func measure(listed []Member) (found []Member) {
	for _, m := range listed {
		if info, err := os.Stat(m.Path); err == nil && info.Mode().IsRegular() {
			m.Size = info.Size()
			found = append(found, m)
		}
	}
	return withoutForeign(found)
}

// withoutForeign drops text files that are numbered like the last volumes, such
// as rotated logs. A text file between volumes, or in place of all volumes, is
// damage and stays.
func withoutForeign(found []Member) []Member {
	volumes := 0
	for _, m := range found {
		if m.Role == RoleData {
			volumes++
		}
	}
	described := volumes < len(found)
	if described && volumes <= 1 {
		return found // a text file in place of all volumes stays
	}
	kept := slices.Clone(found)
	for {
		last := -1
		for i, m := range kept {
			if m.Role == RoleData && (last < 0 || m.Volume > kept[last].Volume) {
				last = i
			}
		}
		switch {
		case last < 0 && described:
			return found
		case last < 0 || !isText(kept[last]):
			return kept
		}
		kept = slices.Delete(kept, last, last+1)
	}
}

// isText reports whether a file begins with text instead of an archive label.
func isText(m Member) bool {
	f, err := OpenMember(m, &ReadOptions{Cache: -1})
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f.From(0), head) // a short file is handled below
	return n > 0 && !bytes.ContainsFunc(head[:n], func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\x1b'
	})
}
