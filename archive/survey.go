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

// MarkAfter is the time between the last record of an archive and the mark that
// ends it, as in PCP's merge tool.
const MarkAfter = time.Millisecond

// tail describes the end of an archive: everything needed to continue it.
type tail struct {
	header  *Header
	layout  *wire.Layout
	known   inForce
	store   *meta.Store
	volume  volume
	last    pcp.Timestamp // time of the last record
	in      int32         // volume of the last record; -1 if there is no record
	latest  pcp.Timestamp // latest time in that volume, which exceeds last if the clock was set back
	gap     bool          // the last record is not a mark
	entries []IndexEntry

	// Lengths in bytes up to which the files are whole.
	meta, data, index int64
	lastStart         int64 // offset of the last record in its volume

	metaFile   Member
	metaPacked bool        // the metadata is compressed and must be stored plain
	twins      []Member    // other files with the same contents as files to be stored plain
	indexKept  bool        // the index is plain and is kept up to length index
	maker      *IndexMaker // has received all metadata
	trusted    *Member     // the index if it says where the last records are; else nil

	plain     []Member // complete volumes that are not compressed
	recovered []Recovery
}

func (t *tail) lastEntry() (e IndexEntry) {
	if n := len(t.entries); n > 0 {
		e = t.entries[n-1]
	}
	return e
}

// survey finds the end of an archive without changing it. If trust is set, it reads only
// the part of the volumes that follows the last index entry.
func survey(base string, members []Member, trust bool) (*tail, error) {
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
	if trust {
		t.trusted = index
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
	w, err := walk(m, 0, nil, func(f Frame, first bool) (err error) {
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

// walked is the result of reading a file.
type walked struct {
	end    int64 // offset up to which the file is whole
	torn   error // why no whole record follows end; nil at the end of the file
	damage error // damage before end; may be nil
	packed bool
}

// walk calls visit for the whole records of a file from an offset on. A file that ends inside a
// record is not an error. If valid is not nil, damage is not an error either:
// walk continues at the next record that valid recognises.
func walk(m Member, from int64, valid func([]byte) bool, visit func(f Frame, first bool) error) (w walked, err error) {
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
	s := &frameSource{f: file, frames: file.frames(from, readBuffer), strict: valid == nil, valid: valid, lost: w.lost}
	first := from == 0
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

// lost records damage.
func (w *walked) lost(d *Damage) error {
	if errors.Is(d.Err, pcp.ErrUnfinished) {
		w.torn = d.Err
	} else if w.damage == nil {
		w.damage = d.Err
	}
	return nil
}

// surveyVolumes finds the last record, and decides whether the last volume can
// be appended to.
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
			t.last, t.gap = v.last.Add(0), !v.mark // Add normalises the time
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

// isDamage reports whether err is damage of a file and not a failure to read
// it.
func isDamage(err error) bool {
	var damage *pcp.FormatError
	return errors.As(err, &damage)
}

// scanned is the result of reading a volume.
type scanned struct {
	walked
	records     int
	first, last pcp.Timestamp
	latest      pcp.Timestamp
	lastStart   int64
	mark        bool // the last record is a mark
}

// scan reads the readable records of a volume.
func (t *tail) scan(m Member) (v scanned, err error) {
	rd := resultDecoder{layout: t.layout, want: func(pcp.PMID) bool { return false }}
	v.walked, err = walk(m, t.from(m), plausible(t.layout, t.header.Start), func(f Frame, first bool) error {
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
		v.mark = len(f.Payload) == t.layout.StampSize+4 // a mark consists of a stamp and the count of zero metrics
		return nil
	})
	return v, err
}

// checkLabel rejects a volume of another archive.
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

// firstLabel takes the label of the first volume as that of the archive.
// Readers reject an archive whose metadata belongs to another one.
func (t *tail) firstLabel(m Member) error {
	_, err := walk(m, 0, nil, func(f Frame, first bool) error {
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
