package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// MarkAfter is how long after the last record of an archive the mark comes that
// ends it, as in the reference's merge.
const MarkAfter = time.Millisecond

// tail is where an archive ends.
type tail struct {
	header  *Header
	layout  *wire.Layout
	known   inForce
	store   *meta.Store
	volume  volume
	last    pcp.Timestamp // of the last record
	in      int32         // the volume that it is in; -1: there is none
	latest  pcp.Timestamp // of the records in there, should time have gone backwards
	gap     bool          // that record is no mark
	entries []IndexEntry

	// How many bytes of the files are whole.
	meta, data, index int64
	lastStart         int64 // where the last record of the volume begins

	metaFile   Member
	metaPacked bool        // it is to be stored plain
	twins      []Member    // files that hold what is stored plain
	indexKept  bool        // the index is plain and cut at index
	maker      *IndexMaker // knows the metadata

	plain     []Member // complete volumes that are not compressed
	recovered []Recovery
}

func (t *tail) lastEntry() (e IndexEntry) {
	if n := len(t.entries); n > 0 {
		e = t.entries[n-1]
	}
	return e
}

// survey finds the end of an archive without changing it.
func survey(base string, members []Member) (*tail, error) {
	t := &tail{known: newInForce(), store: meta.NewStore()}
	var index *Member
	var volumes []Member
	for i, m := range members {
		switch m.Role {
		case RoleData:
			volumes = append(volumes, m)
		case RoleIndex:
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
	if err := t.surveyFolder(base, volumes[len(volumes)-1]); err != nil {
		return nil, err
	}
	return t, t.surveyIndex(base, volumes, index)
}

// surveyMeta reads the metadata up to where it is whole.
func (t *tail) surveyMeta(m Member) error {
	w, err := walk(m, nil, func(f Frame, first bool) (err error) {
		if first {
			t.header, t.layout, err = decodeHeader(f.Payload)
			if err == nil && t.header.Volume != wire.VolumeMeta {
				err = &pcp.FormatError{Kind: pcp.KindHeader, Field: "volume", Detail: strconv.Itoa(int(t.header.Volume)), Err: pcp.ErrMismatch}
			}
			if err == nil {
				t.maker = NewIndexMaker(int64(t.layout.HeaderSize))
			}
			return err
		}
		rec, err := decodeMeta(f.Payload, t.layout)
		if err != nil {
			return err
		}
		t.maker.Meta(rec, f.Pos.Offset+int64(len(f.Payload))+8)
		t.known.add(rec)
		return add(t.store, rec)
	})
	if err == nil && t.header == nil {
		err = &pcp.FormatError{File: m.Path, Kind: pcp.KindHeader, Detail: "no label", Err: pcp.ErrNotArchive}
	}
	t.meta, t.metaFile, t.metaPacked = w.end, m, w.packed
	t.torn(m, w)
	if w.packed {
		t.recovered = append(t.recovered, Recovery{File: m.Path, Action: RecoveryUnpacked, Offset: w.end})
	}
	return err
}

// walked is what was found of a file.
type walked struct {
	end    int64 // up to where it is whole
	torn   error // why there is no whole record after it; nil at the end of the file
	damage error // what is wrong before that, if anything is
	packed bool
}

// walk hands the whole records of a file to visit. A file that ends inside a
// record is no error. If valid is not nil, nor is damage after which reading can
// go on: valid tells records from other bytes.
func walk(m Member, valid func([]byte) bool, visit func(f Frame, first bool) error) (w walked, err error) {
	at := Pos{File: m.Path, Role: m.Role, Volume: m.Volume}
	file, err := OpenMember(m, nil)
	if err != nil {
		var pathError *fs.PathError
		if !errors.As(err, &pathError) {
			err = locate(err, at, 0)
		}
		return w, err
	}
	defer file.Close()
	w.packed = m.Compress != "" || file.Compressed()
	s := &frameSource{f: file, frames: file.frames(0, readBuffer), strict: valid == nil, valid: valid, lost: w.lost}
	first := true
	for {
		f, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return w, nil
		case errors.Is(err, pcp.ErrUnfinished):
			w.torn = err
			return w, nil
		case err != nil:
			return w, err
		case w.packed && m.Role == RoleMeta && f.Pos.Offset > DefaultMaxMetadata:
			return w, locate(&pcp.FormatError{Detail: fmt.Sprintf("metadata exceeds %d bytes", DefaultMaxMetadata), Err: pcp.ErrLimit}, f.Pos, 0)
		}
		if err := visit(f, first); err != nil {
			err = locate(err, f.Pos, 4)
			if errors.Is(err, pcp.ErrMismatch) {
				return w, err
			}
			if err = s.refuse(f, err); err != nil {
				return w, err
			}
		} else if w.damage == nil {
			w.end = f.Pos.Offset + int64(len(f.Payload)) + 8
		}
		first = false
	}
}

// lost takes note of damage.
func (w *walked) lost(d *Damage) error {
	if errors.Is(d.Err, pcp.ErrUnfinished) {
		w.torn = d.Err
	} else if w.damage == nil {
		w.damage = d.Err
	}
	return nil
}

// surveyVolumes finds the last record, and whether the last volume is one to
// append to.
func (t *tail) surveyVolumes(volumes []Member) error {
	if err := t.firstLabel(volumes[0]); err != nil {
		return err
	}
	last := volumes[len(volumes)-1]
	t.last, t.in = t.header.Start, -1
	for i := len(volumes) - 1; i >= 0; i-- {
		m := volumes[i]
		v, err := t.scan(m)
		err = cmp.Or(err, v.damage)
		if err != nil && !isDamage(err) {
			return err
		}
		switch {
		case i < len(volumes)-1:
		case err == nil && !v.packed:
			t.data, t.lastStart = v.end, v.lastStart
			t.volume = volume{records: v.records, start: v.first}
			t.torn(m, v.walked)
		default:
			t.volume = volume{records: 1, ended: true, before: m.Size}
			if err = errors.Join(err, v.torn); err != nil {
				t.leave(m.Path, v.end, left(m, v.walked), err)
			}
		}
		if v.records > 0 {
			t.last, t.gap = v.last.Add(0), !v.mark // the sum is normalised
			t.in, t.latest = int32(m.Volume), v.latest
			break
		}
	}
	t.volume.number = int32(last.Volume)
	for _, m := range volumes[:len(volumes)-1] {
		t.volume.before += m.Size
		if m.Compress == "" {
			t.plain = append(t.plain, m)
		}
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
	walked
	records     int
	first, last pcp.Timestamp
	latest      pcp.Timestamp
	lastStart   int64
	mark        bool // the last record is one
}

// scan reads what can be read of a volume.
func (t *tail) scan(m Member) (v scanned, err error) {
	rd := resultDecoder{layout: t.layout, want: func(pcp.PMID) bool { return false }}
	v.walked, err = walk(m, plausible(t.layout, t.header.Start), func(f Frame, first bool) error {
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
		if v.records == 0 || res.Stamp.After(v.latest) {
			v.latest = res.Stamp
		}
		v.records++
		v.last, v.lastStart = res.Stamp, f.Pos.Offset
		v.mark = len(f.Payload) == t.layout.StampSize+4 // a count of no metrics follows
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
	return nil
}

// firstLabel reads the label of the first volume, which is the archive's.
// Readers refuse an archive whose metadata is another's.
func (t *tail) firstLabel(m Member) error {
	_, err := walk(m, nil, func(f Frame, first bool) error {
		if !first {
			return errStop
		}
		if err := t.checkLabel(f, m); err != nil {
			return err
		}
		h, _, err := decodeHeader(f.Payload)
		if err == nil {
			t.header.Start = h.Start
		}
		return err
	})
	if errors.Is(err, errStop) || isDamage(err) && !errors.Is(err, pcp.ErrMismatch) {
		return nil
	}
	return err
}
