package check

import (
	"iter"
	"path/filepath"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Archive checks the archive named by its base or by any of its files and
// yields what it finds, file by file: index, metadata, data volumes, then what
// only all of them together tell. Every file is read once. A nil o means
// defaults.
func Archive(path string, o *Options) iter.Seq[finding.Finding] { return Archives([]string{path}, o) }

// Archives checks archives one after another, and those of one host against
// each other.
func Archives(paths []string, o *Options) iter.Seq[finding.Finding] {
	return func(yield func(finding.Finding) bool) {
		s := &sink{opts: o.withDefaults(), yield: yield}
		set := newSet(s)
		for _, path := range paths {
			s.begin(baseOf(path))
			c := newChecker(s)
			c.run()
			if len(paths) > 1 {
				set.add(c)
			}
			s.end()
			if o != nil && o.Verdict != nil && !s.stopped {
				o.Verdict(c.verdict())
			}
			if s.stopped {
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
	saver   *saver // nil: nothing is written
	members []*member
	volumes map[int32]bool

	header *archive.Header // the first good one
	first  *member         // that has it
	layout *wire.Layout

	indexFile *member
	points    map[int32]*pointers // by volume

	metaState
	data dataState
}

// metaState is what the metadata is checked against, and the data after it.
type metaState struct {
	store    *meta.Store
	metaFile *member
	descs    map[pcp.PMID]int64 // where the first record of each stands
	names    map[string]pcp.PMID
	nodes    map[string]bool // what names of metrics lie below
	indoms   map[pcp.InDomID]*domain
	labelSet map[labelKey]*labelState
	texts    map[textKey]textState
	stamped  pcp.Timestamp // of the last record that has a time
	times    []metaTime    // of all of them
}

// metaTime is the place and time of a metadata record.
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
			indoms: map[pcp.InDomID]*domain{}, labelSet: map[labelKey]*labelState{}, texts: map[textKey]textState{},
		},
	}
}

// run checks the archive. What is damaged costs that part alone.
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
		case c.stopped || m.empty:
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

// frames hands the records of a file after its label to visit and reports what
// stands between them. After damage it goes on where visit's kind of record, as
// valid has it, stands again. It returns the number of records and the file's
// length.
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
	for left := int(m.begin); left > 0; { // the label, however long
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

// recover reports damage and goes to the next record.
func (c *checker) recover(m *member, w *walker, bad *damage, valid func([]byte) bool) bool {
	ok := w.resync(bad, valid)
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
		c.add(FrameLost, m.Path, bad.off, "no further record follows, or none that can be told from other bytes")
	}
	return ok
}
