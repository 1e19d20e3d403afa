package check

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/wire"
)

// cacheSize is the memory for the table of windows of a compressed file. Sequential reads
// need no more.
const cacheSize = 1 << 20

// member is a file of the archive being checked.
type member struct {
	archive.Member
	header *archive.Header // the label; nil if it is damaged
	label  []byte          // the intact label as stored, with its frame
	layout *wire.Layout
	begin  int64 // offset of the first record after the label
	empty  bool  // the file has no content, or cannot be read
}

// find lists the members of the archive in the order in which libpcp checks
// labels: index, metadata, volumes.
func (c *checker) find() []*member {
	_, found, err := archive.Members(c.archive)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.add(FileUnreadable, c.archive, nowhere, "%v", err)
		return nil
	}
	var members []*member
	has := map[archive.Role]bool{}
	for _, f := range found {
		m := &member{Member: f}
		members = append(members, m)
		has[f.Role] = true
		c.checkTwice(m)
	}
	slices.SortStableFunc(members, func(a, b *member) int { return int(min(a.LabelVolume(), 0)) - int(min(b.LabelVolume(), 0)) })
	c.metaPath = c.archive + ".meta"
	for _, m := range members {
		if m.Role == archive.RoleMeta {
			c.metaPath, c.hasMeta = m.Path, true
		}
	}
	if !has[archive.RoleMeta] {
		c.add(FileMissing, c.archive, nowhere, "metadata file %s.meta is missing", c.archive)
	}
	if !has[archive.RoleData] {
		c.add(FileMissing, c.archive, nowhere, "the archive has no data volume")
	}
	if !has[archive.RoleIndex] {
		c.add(IndexMissing, c.archive, nowhere, "there is no temporal index %s.index", c.archive)
	}
	c.checkNumbers(members)
	return members
}

// checkTwice reports other files that hold the same member, compressed or not.
func (c *checker) checkTwice(m *member) {
	stem := strings.TrimSuffix(m.Path, m.Compress)
	for _, suffix := range append([]string{""}, decomp.Suffixes[:]...) {
		if info, err := os.Stat(stem + suffix); suffix != m.Compress && err == nil && info.Mode().IsRegular() {
			c.add(FileTwice, stem+suffix, nowhere, "%s is the same file of the archive and was checked; readers differ in which one they read", m.Path)
		}
	}
}

// checkNumbers reports holes in the numbers of the data volumes.
func (c *checker) checkNumbers(members []*member) {
	last := -1
	for _, m := range members {
		if m.Role != archive.RoleData {
			continue
		}
		if last >= 0 && m.Volume > last+1 {
			missing := fmt.Sprintf("volume %d is", last+1)
			if m.Volume > last+2 {
				missing = fmt.Sprintf("volumes %d to %d are", last+1, m.Volume-1)
			}
			c.add(VolumeMissing, c.archive, nowhere, "%s missing", missing)
		}
		last = m.Volume
	}
}

// file is an open member.
type file struct {
	f *archive.File
	r io.Reader // reads f
	a *ahead    // reads r ahead; may be nil
	w *walker
}

// Close closes the file and stops reading ahead.
func (f *file) Close() {
	if f.a != nil {
		f.a.Close()
	}
	f.f.Close()
}

// open opens a member for reading from its start. After a failure it reports a finding and
// returns nil.
func (c *checker) open(m *member) *file {
	f, err := archive.OpenMember(m.Member, &archive.ReadOptions{Cache: cacheSize})
	if err != nil {
		c.unreadable(m, nowhere, err)
		return nil
	}
	r := source{f.From(0), c.sink}
	w := newWalker(r, f.Size, c.opts.MaxRecord)
	w.Stop = c.cancelled
	return &file{f: f, r: r, w: w}
}

// readAhead starts a goroutine that reads the file ahead.
func (f *file) readAhead() {
	f.a = readAhead(f.r)
	f.w.SetSource(f.a)
}

// unreadable reports a failure to read a file's contents.
func (c *checker) unreadable(m *member, offset int64, err error) {
	if c.cancelled() {
		return // err is the context's
	}
	code := FileUnreadable
	var broken *decomp.Error
	if errors.As(err, &broken) {
		code = FileCompressed
	}
	c.add(code, m.Path, offset, "%v", err)
}
