package agentdir

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/convert/mapper"
)

// entry is a file of the folder that is a source.
type entry struct {
	name string // of the source: folders and the file without its suffix, with dots
	path string
	exec bool // an executable, else a .url file
}

// scanned is the content of a folder.
type scanned struct {
	entries []entry // in the order in which the agent numbers them
	folders []string
	faults  []error // files that look like sources and are none
}

// maxFiles limits the files of a configuration folder. The agent has numbers for 4,095.
const maxFiles = 100_000

// scan lists the sources below dir: executables, and files that end in .url. Of several
// files with one name it takes the first in the order of their paths. A file without the
// right to be read or run is a fault; all other files are passed over.
func scan(dir string) (*scanned, error) {
	s := &scanned{}
	var files []string
	if err := s.walk(dir, &files); err != nil {
		return nil, err
	}
	slices.Sort(files)
	taken := map[string]string{}
	for _, path := range files {
		e, ok, err := entryOf(dir, path)
		if err != nil {
			s.faults = append(s.faults, err)
			continue
		}
		if !ok {
			continue
		}
		if first, twice := taken[e.name]; twice {
			s.faults = append(s.faults, fmt.Errorf("%s: ignored, %s is the source %s", path, first, e.name))
			continue
		}
		taken[e.name] = path
		s.entries = append(s.entries, e)
	}
	return s, nil
}

// walk collects the paths of the files below dir. It follows links to files, not to folders,
// and passes over names that begin with a dot.
func (s *scanned) walk(dir string, files *[]string) error {
	s.folders = append(s.folders, dir)
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range list {
		path := filepath.Join(dir, f.Name())
		switch {
		case strings.HasPrefix(f.Name(), "."):
		case f.IsDir():
			if err := s.walk(path, files); err != nil {
				s.faults = append(s.faults, err)
			}
		case len(*files) == maxFiles:
			return fmt.Errorf("%s: more than %d files", dir, maxFiles)
		default:
			*files = append(*files, path)
		}
	}
	return nil
}

// entryOf returns the source that a file is. ok is false for other files.
func entryOf(dir, path string) (e entry, ok bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return e, false, err
	}
	ext := filepath.Ext(path)
	e.path, e.exec = path, executable(info)
	if !info.Mode().IsRegular() || !e.exec && ext != ".url" {
		return e, false, nil
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil {
		return e, false, err
	}
	e.name = strings.ReplaceAll(filepath.ToSlash(strings.TrimSuffix(rel, ext)), "/", ".")
	if !mapper.ValidSource(e.name) {
		return e, false, fmt.Errorf("%s: ignored, the name is unsuitable: want letters, digits, underscores and dots, beginning with a letter, and not control", path)
	}
	return e, true, nil
}

// executable reports whether the owner of a file may run it.
func executable(info fs.FileInfo) bool { return info.Mode()&0o100 != 0 }
