package archive

import (
	"fmt"
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
