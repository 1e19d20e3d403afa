package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Continue opens an archive, named by its base or by any of its files, to append
// to it. Version, host and start are those it has, whatever o says; what its
// metadata says is known and not written again; records earlier than its last
// are refused with [ErrOrder].
//
// What a crash left is cut back to the last whole record first, in all files. A
// last volume that cannot be appended to, because it is compressed, damaged or
// has another archive's label, stays as it is and a new volume follows it. An
// index that is absent or useless is made anew. Metadata or an index that are
// compressed, and damaged metadata, are an error, and nothing is changed.
//
// Nobody else may write to the archive at the same time. A nil o means defaults.
func Continue(path string, o *WriteOptions) (*Appender, error) {
	base, members, err := Members(path)
	if err != nil {
		return nil, err
	}
	t, err := survey(base, members)
	if err != nil {
		return nil, err
	}
	a := &Appender{base: base, open: createFile, header: *t.header, layout: t.layout, known: t.known, started: true}
	if o != nil {
		a.opts = *o
	}
	a.opts.Version = t.layout.Version
	if a.opts.Buffer == 0 {
		a.opts.Buffer = defaultBuffer
	}
	a.stamp, a.volume, a.lastStart = t.last, t.volume, t.lastStart
	a.entries, a.indexStamp, a.indexedAt = len(t.entries), t.lastEntry().Stamp, t.lastEntry().Data
	a.metaStart = t.meta
	if err := a.reopen(t); err != nil {
		for _, f := range a.files() {
			if f.f != nil {
				f.f.Close()
			}
		}
		return nil, fmt.Errorf("archive %s: %w", base, err)
	}
	return a, nil
}

// reopen opens the files and cuts them to what is whole.
func (a *Appender) reopen(t *tail) (err error) {
	if err := a.meta.reopen(a.base+".meta", t.meta); err != nil {
		return err
	}
	if !a.volume.ended {
		if err := a.data.reopen(a.base+"."+strconv.Itoa(int(a.volume.number)), t.data); err != nil {
			return err
		}
		if t.data == 0 {
			a.data.buf = appendHeader(a.data.buf, a.layout, &a.header, a.volume.number)
		}
	}
	if t.index > 0 {
		return a.index.reopen(a.base+".index", t.index)
	}
	if err := a.index.reopen(a.base+".index", 0); err != nil {
		return err
	}
	a.index.buf = appendHeader(a.index.buf, a.layout, &a.header, wire.VolumeIndex)
	for _, e := range t.entries {
		a.index.buf = appendIndexEntry(a.index.buf, a.layout, e)
	}
	return nil
}

// reopen opens a file of which size bytes stay.
func (f *file) reopen(name string, size int64) error {
	opened, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	f.f, f.written = opened, size
	return opened.Truncate(size)
}

// tail is where an archive ends.
type tail struct {
	header  *Header
	layout  *wire.Layout
	known   inForce
	volume  volume
	last    pcp.Timestamp // of the last record
	entries []IndexEntry

	// How many bytes of the files are whole. An index of 0 is made anew.
	meta, data, index int64
	lastStart         int64 // where the last record of the volume begins
}

func (t *tail) lastEntry() (e IndexEntry) {
	if n := len(t.entries); n > 0 {
		e = t.entries[n-1]
	}
	return e
}

// survey finds the end of an archive without changing it.
func survey(base string, members []Member) (*tail, error) {
	t := &tail{known: newInForce()}
	var index *Member
	var volumes []Member
	for i, m := range members {
		switch {
		case m.Role == RoleData:
			volumes = append(volumes, m)
		case m.Compress != "":
			return nil, fmt.Errorf("%s: cannot append to a compressed file; decompress it first", m.Path)
		case m.Role == RoleIndex:
			index = &members[i]
		default:
			if err := t.surveyMeta(m); err != nil {
				return nil, err
			}
		}
	}
	if t.meta == 0 || len(volumes) == 0 {
		return nil, fmt.Errorf("archive %s: metadata or volumes are missing: %w", base, fs.ErrNotExist)
	}
	if err := t.surveyVolumes(volumes); err != nil {
		return nil, err
	}
	return t, t.surveyIndex(volumes, index)
}

// surveyMeta reads the metadata up to where it is whole.
func (t *tail) surveyMeta(m Member) error {
	end, err := walk(m, func(f Frame, first bool) (err error) {
		if first {
			t.header, t.layout, err = decodeHeader(f.Payload)
			return err
		}
		rec, err := decodeMeta(f.Payload, t.layout)
		if err == nil {
			t.known.add(rec)
		}
		return err
	})
	if err == nil && t.header == nil {
		err = &pcp.FormatError{File: m.Path, Kind: pcp.KindHeader, Detail: "no label", Err: pcp.ErrNotArchive}
	}
	t.meta = end
	return err
}

// walk hands the whole records of a file to visit and returns where they end. A
// file that ends inside a record is no error.
func walk(m Member, visit func(f Frame, first bool) error) (end int64, err error) {
	file, err := OpenMember(m, nil)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	first := true
	for f, err := range Frames(file.From(0), Pos{File: m.Path, Role: m.Role, Volume: m.Volume}, 0) {
		if errors.Is(err, pcp.ErrUnfinished) {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		if err := visit(f, first); err != nil {
			return end, locate(err, f.Pos, 4)
		}
		end, first = f.Pos.Offset+int64(len(f.Payload))+8, false
	}
	return end, nil
}

// surveyVolumes finds the last record, and whether the last volume is one to
// append to.
func (t *tail) surveyVolumes(volumes []Member) error {
	last := volumes[len(volumes)-1]
	t.last = t.header.Start
	for i := len(volumes) - 1; i >= 0; i-- {
		m := volumes[i]
		v, err := t.scan(m)
		if err != nil && !isDamage(err) {
			return err
		}
		switch {
		case i < len(volumes)-1:
		case err == nil && m.Compress == "":
			t.data, t.lastStart = v.end, v.lastStart
			t.volume = volume{records: v.records, start: v.first}
		default:
			t.volume = volume{records: 1, ended: true, before: m.Size}
		}
		if v.records > 0 {
			t.last = v.last
			break
		}
	}
	t.volume.number = int32(last.Volume)
	for _, m := range volumes[:len(volumes)-1] {
		t.volume.before += m.Size
	}
	return nil
}

// isDamage tells damage of a file from a failure to read it.
func isDamage(err error) bool {
	var damage *pcp.FormatError
	return errors.As(err, &damage)
}

// scanned is what a volume holds.
type scanned struct {
	records     int
	first, last pcp.Timestamp
	lastStart   int64
	end         int64
}

// scan reads a volume up to where it is whole or damaged.
func (t *tail) scan(m Member) (v scanned, err error) {
	rd := resultDecoder{layout: t.layout, want: func(pcp.PMID) bool { return false }}
	v.end, err = walk(m, func(f Frame, first bool) error {
		if first {
			return t.checkLabel(f, m)
		}
		res, err := rd.decode(f.Payload)
		if err != nil {
			return err
		}
		if v.records == 0 {
			v.first = res.Stamp
		}
		v.records++
		v.last, v.lastStart = res.Stamp, f.Pos.Offset
		return nil
	})
	return v, err
}

// checkLabel refuses a volume of another archive.
func (t *tail) checkLabel(f Frame, m Member) error {
	h, _, err := decodeHeader(f.Payload)
	if err != nil {
		return err
	}
	if h.Version != t.header.Version || h.Host != t.header.Host || h.PID != t.header.PID || int(h.Volume) != m.Volume {
		return &pcp.FormatError{Kind: pcp.KindHeader, Detail: "of another archive", Err: pcp.ErrMismatch}
	}
	t.header.Start = h.Start
	return nil
}

// add makes a record that is stored known.
func (k *inForce) add(rec Record) {
	switch r := rec.(type) {
	case *meta.Desc:
		if k.descs[r.PMID] == nil {
			k.descs[r.PMID] = r
		}
		for _, name := range r.Names {
			if _, taken := k.names[name]; !taken {
				k.names[name] = r.PMID
			}
		}
	case *meta.InDom:
		if len(r.Instances) > 0 {
			k.indoms[r.ID] = r
		}
	case *meta.InDomDelta:
		before := k.indoms[r.ID]
		if before == nil {
			before = &meta.InDom{}
		}
		k.indoms[r.ID] = before.Apply(r)
	case *meta.Labels:
		k.labels[labelKey{r.Level, r.Ident}] = r
	case *meta.Text:
		k.texts[textKey{r.Type, r.Ident}] = r.Text
	}
}
