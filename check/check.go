package check

import (
	"context"
	"iter"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Archive checks the archive at path, its base path or any of its files. It yields the
// findings file by file (index, metadata, data volumes), then the findings that
// concern several files. It reads every file once. A nil o means the defaults. If ctx ends, so
// do the findings; the caller must look at ctx.
func Archive(ctx context.Context, path string, o *Options) iter.Seq[finding.Finding] {
	return Archives(ctx, []string{path}, o)
}

// Archives checks archives one after another, and those of one host against
// each other. If ctx ends, so do the findings, as those of Archive.
func Archives(ctx context.Context, paths []string, o *Options) iter.Seq[finding.Finding] {
	return func(yield func(finding.Finding) bool) {
		s := &sink{opts: o.withDefaults(), ctx: ctx, yield: yield}
		set := newSet(s)
		for _, path := range paths {
			s.begin(baseOf(path))
			c := newChecker(s)
			c.run()
			if len(paths) > 1 {
				set.add(c)
			}
			s.end()
			if o != nil && o.Verdict != nil && !s.cancelled() {
				o.Verdict(c.verdict())
			}
			if s.cancelled() {
				return
			}
		}
	}
}

// baseOf returns the base path of the archive that path names.
func baseOf(path string) string {
	if base, _, err := archive.Members(path); err == nil {
		path = base
	}
	return filepath.Clean(path)
}

// checker checks one archive.
type checker struct {
	*sink
	saver   *saver // writes the salvaged archive; nil if there is none
	members []*member
	volumes map[int32]bool // numbers of the data volumes

	header *archive.Header // the first intact label
	first  *member         // the file with that label
	layout *wire.Layout    // the format version of that label

	indexFile *member
	points    map[int32]*pointers // targets of index entries, by volume

	metaState
	data dataState
}

// metaState is the metadata read so far. Later records are checked against it.
type metaState struct {
	store    *meta.Store
	metaFile *member
	descs    map[pcp.PMID]int64  // offset of each metric's first descriptor
	names    map[string]pcp.PMID // the metric with each name
	nodes    map[string]bool     // prefixes of metric names, up to a dot
	indoms   map[pcp.InDomID]*domainState
	labelSet map[labelKey]*labelState
	texts    map[textKey]textState
	stamped  pcp.Timestamp // time of the last record with a time
	times    []metaTime    // every record with a time
}

// metaTime is the offset and the time of a metadata record.
type metaTime struct {
	off   int64
	stamp pcp.Timestamp
}

type labelKey struct {
	level labelset.Level
	ident uint32
}

type textKey struct {
	typ   meta.TextType
	ident uint32
}

func newChecker(s *sink) *checker {
	return &checker{
		sink: s, volumes: map[int32]bool{}, points: map[int32]*pointers{},
		metaState: metaState{
			store: meta.NewStore(), descs: map[pcp.PMID]int64{}, names: map[string]pcp.PMID{}, nodes: map[string]bool{},
			indoms: map[pcp.InDomID]*domainState{}, labelSet: map[labelKey]*labelState{}, texts: map[textKey]textState{},
		},
	}
}

// run checks the archive.
func (c *checker) run() {
	c.members = c.find()
	for _, m := range c.members {
		if m.Role == archive.RoleData {
			c.volumes[int32(m.Volume)] = true
		}
	}
	if !c.labels() {
		return
	}
	c.startData()
	seen := 0
	for _, m := range c.members {
		switch {
		case c.cancelled() || m.empty:
		case m.Role == archive.RoleIndex:
			c.index(m)
		case m.Role == archive.RoleMeta:
			c.metadata(m)
		default:
			c.volume(m, seen == 0)
		}
		if m.Role == archive.RoleData {
			seen++
		}
	}
	c.endMetaTimes()
	c.endData()
}

// frames passes each record of a file to visit, except the label, and reports damage
// between records. After damage it continues at the next record that valid accepts. It
// returns the number of records and the file's length in bytes.
func (c *checker) frames(m *member, valid func([]byte) bool, visit func(*frame)) (n int, size int64) {
	f := c.open(m)
	if f == nil {
		return 0, 0
	}
	defer f.Close()
	if m.Size >= aheadLeast {
		f.readAhead()
	}
	w := f.w
	for left := int(m.begin); left > 0; { // skip the label, which may exceed the buffer
		got := len(w.Peek(min(left, walkBuffer)))
		if got == 0 {
			break
		}
		w.Pass(got)
		left -= got
	}
	for !c.stopped {
		fr, bad := w.next()
		switch {
		case fr != nil:
			visit(fr)
			w.Pass(int(fr.size))
			n++
			continue
		case w.Err != nil:
			c.unreadable(m, w.Off, w.Err)
			return n, w.Off
		case bad == nil:
			return n, w.Off
		}
		if !c.recover(m, w, bad, valid) {
			return n, w.Off + int64(w.left())
		}
	}
	return n, w.Off
}

// recover reports damage and moves to the next record. It returns false if there is
// none.
func (c *checker) recover(m *member, w *walker, bad *damage, valid func([]byte) bool) bool {
	ok := w.resync(bad, valid)
	if c.cancelled() {
		return false
	}
	if ok {
		c.skipPointers(m, bad.off, w.Off)
	} else {
		c.skipPointers(m, bad.off, w.Off+int64(w.left()))
	}
	if w.Err != nil {
		c.add(bad.code, m.Path, bad.off, "%s", bad)
		c.unreadable(m, w.Off, w.Err)
		return false
	}
	switch {
	case ok:
		c.add(bad.code, m.Path, bad.off, "%s; %d bytes left out, reading goes on at offset %d", bad, w.Off-bad.off, w.Off)
	case bad.code == FrameTorn:
		c.add(bad.code, m.Path, bad.off, "%s", bad)
	default:
		c.add(bad.code, m.Path, bad.off, "%s", bad)
		c.add(FrameLost, m.Path, bad.off, "no further record can be found after the damage")
	}
	return ok
}
