package retention

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/diskspace"
)

// found is an archive in the folder.
type found struct {
	base    string
	files   []file    // in the order in which they are removed
	writing bool      // it is being written, and stays
	end     time.Time // time of its last record; now if writing
}

// file is a file of an archive.
type file struct {
	path   string
	role   archive.Role
	size   int64 // on the disk
	length int64
	volume int // number, of a volume
}

// contents are what is in the folder.
type contents struct {
	archives []*found // the one with the oldest end first
	size     int64    // of all files and folders
	empty    []string // folders without files, inner ones first
}

// scan reads the folder and those below it. It opens no archive that is being written: a
// recorder writes thousands of them, and each grows between two scans.
func (c *Culler) scan(ctx context.Context, writing func(base string) bool) (*contents, error) {
	all := &contents{}
	byBase := map[string]*found{}
	if _, err := c.scanFolder(ctx, c.opts.Dir, all, byBase); err != nil {
		return nil, err
	}
	for base, one := range byBase {
		slices.SortFunc(one.files, func(a, b file) int {
			return cmp.Or(cmp.Compare(removal[a.role], removal[b.role]), cmp.Compare(a.path, b.path))
		})
		if one.writing = writing(base); one.writing {
			one.end = c.now()
		} else {
			one.end = c.endOf(one)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		all.archives = append(all.archives, byBase[base])
	}
	c.forgetGone(byBase)
	slices.SortFunc(all.archives, func(a, b *found) int { return cmp.Or(a.end.Compare(b.end), cmp.Compare(a.base, b.base)) })
	return all, nil
}

// removal is the order in which the files of an archive are removed.
var removal = map[archive.Role]int{archive.RoleIndex: 0, archive.RoleMeta: 1, archive.RoleData: 2}

// scanFolder adds a folder to all. It reports whether the folder is empty but for empty
// folders. What vanishes meanwhile does not count.
func (c *Culler) scanFolder(ctx context.Context, dir string, all *contents, byBase map[string]*found) (empty bool, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && (dir == c.opts.Dir || !errors.Is(err, fs.ErrNotExist)) {
		return false, err
	}
	empty = true
	for _, e := range entries {
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		path := filepath.Join(dir, e.Name())
		info, err := e.Info()
		if err != nil {
			continue
		}
		size := diskspace.Used(info)
		all.size += size
		if e.IsDir() {
			below, err := c.scanFolder(ctx, path, all, byBase)
			if err != nil {
				return false, err
			}
			if below && c.now().Sub(info.ModTime()) > emptyFor {
				all.empty = append(all.empty, path)
			}
			empty = empty && below
			continue
		}
		empty = false
		name, ok := archive.BaseOf(e.Name())
		if !ok || !info.Mode().IsRegular() {
			continue
		}
		base := filepath.Join(dir, name)
		one := byBase[base]
		if one == nil {
			one = &found{base: base}
			byBase[base] = one
		}
		one.files = append(one.files, fileOf(path, e.Name()[len(name):], info))
	}
	return empty, nil
}

// emptyFor is the time after which an empty folder is removed. A recorder creates a folder
// shortly before the first file in it.
const emptyFor = time.Hour

// fileOf returns the file of an archive. end is the end of its name, after that of the
// archive.
func fileOf(path, end string, info fs.FileInfo) file {
	f := file{path: path, role: archive.RoleData, size: diskspace.Used(info), length: info.Size()}
	kind, _, _ := strings.Cut(end[1:], ".")
	switch kind {
	case "meta":
		f.role = archive.RoleMeta
	case "index":
		f.role = archive.RoleIndex
	default:
		f.volume, _ = strconv.Atoi(kind)
	}
	return f
}

// orphaned reports whether a removal that was interrupted left the archive: only volumes
// are there, and have been for an hour. Copying an archive may begin with volumes, too.
func (c *Culler) orphaned(one *found) bool {
	alone := !slices.ContainsFunc(one.files, func(f file) bool { return f.role != archive.RoleData })
	if !alone {
		delete(c.alone, one.base)
		return false
	}
	since, ok := c.alone[one.base]
	if !ok {
		since = c.now()
		c.alone[one.base] = since
	}
	return c.now().Sub(since) > emptyFor
}
