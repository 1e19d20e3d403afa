package archive

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// soundEntries returns the entries of an index without the damaged ones, which it notes: those
// that no writer stores, and those without which the entries around them ascend. If the others
// do not ascend, the index is of no use, and soundEntries returns an error.
func (r *Reader) soundEntries(all []IndexEntry) ([]IndexEntry, error) {
	if r.ascend(all) {
		return all, nil
	}
	var kept []IndexEntry
	var notes []*Damage
	size := int64(r.layout.IndexEntrySize())
	for i := range all {
		what := r.faultOf(all, i)
		if what == "" {
			kept = append(kept, all[i])
			continue
		}
		at := int64(r.layout.HeaderSize) + int64(i)*size
		if n := len(notes); n > 0 && notes[n-1].Next == at {
			notes[n-1].Bytes += size
			notes[n-1].Next += size
			continue
		}
		err := &pcp.FormatError{File: r.index.Path, Kind: pcp.KindIndex, Offset: at, Detail: what, Err: pcp.ErrRange}
		notes = append(notes, &Damage{File: r.index.Path, Offset: at, Bytes: size, Next: at + size, Err: err})
	}
	if len(notes) == 0 || len(kept) == 0 || !r.ascend(kept) {
		return nil, r.useless(all)
	}
	for _, d := range notes {
		r.warn(d)
	}
	return kept, nil
}

// ascend reports whether no entry contradicts the one before it.
func (r *Reader) ascend(entries []IndexEntry) bool {
	for i := range entries {
		if r.impossible(&entries[i]) != "" || i > 0 && contradiction(&entries[i-1], &entries[i]) != "" {
			return false
		}
	}
	return true
}

// useless returns the error for an index of which too much is damaged.
func (r *Reader) useless(all []IndexEntry) error {
	for i := range all {
		what := r.impossible(&all[i])
		if what == "" && i > 0 {
			what = contradiction(&all[i-1], &all[i])
		}
		if what != "" {
			at := int64(r.layout.HeaderSize) + int64(i)*int64(r.layout.IndexEntrySize())
			return &pcp.FormatError{File: r.index.Path, Kind: pcp.KindIndex, Offset: at, Detail: what, Err: pcp.ErrRange}
		}
	}
	return nil
}

// faultOf returns why entry i is damaged, "" if it is not.
func (r *Reader) faultOf(all []IndexEntry, i int) string {
	e := &all[i]
	if what := r.unfounded(e); what != "" {
		return what
	}
	prev, next := r.foundedFrom(all, i-1, -1), r.foundedFrom(all, i+1, 1)
	what := contradiction(prev, e)
	if what == "" {
		what = contradiction(e, next)
	}
	if what == "" || contradiction(prev, next) != "" {
		return ""
	}
	return what
}

// foundedFrom returns the first entry from i on in a direction that may be right, nil if there is none.
func (r *Reader) foundedFrom(all []IndexEntry, i, step int) *IndexEntry {
	for ; i >= 0 && i < len(all); i += step {
		if r.unfounded(&all[i]) == "" {
			return &all[i]
		}
	}
	return nil
}

// unfounded returns why an entry of an index with contradictions is damaged in itself, "" if it is not.
func (r *Reader) unfounded(e *IndexEntry) string { return cmp.Or(r.impossible(e), r.absent(e)) }

// impossible returns why no writer stores an entry, "" if one may.
func (r *Reader) impossible(e *IndexEntry) string {
	switch {
	case !possible(e.Stamp):
		return "time " + e.Stamp.String()
	case e.Volume < 0:
		return fmt.Sprintf("volume %d", e.Volume)
	case e.Data < int64(r.layout.HeaderSize) || e.Meta < int64(r.layout.HeaderSize):
		return fmt.Sprintf("offsets %d and %d", e.Meta, e.Data)
	}
	return ""
}

// absent returns why the archive has no record to which an entry can point, "" if it may have. An
// entry of an index without contradictions may be right all the same: the volume was lost or cut.
func (r *Reader) absent(e *IndexEntry) string {
	i := slices.IndexFunc(r.volumes, func(m Member) bool { return m.Volume == int(e.Volume) })
	switch {
	case i < 0:
		return fmt.Sprintf("volume %d, which is absent", e.Volume)
	case r.volumes[i].Compress == "" && e.Data > r.volumes[i].Size:
		return fmt.Sprintf("data offset %d beside a volume of %d bytes", e.Data, r.volumes[i].Size)
	case r.meta.Compress == "" && e.Meta > r.meta.Size:
		return fmt.Sprintf("metadata offset %d beside a file of %d bytes", e.Meta, r.meta.Size)
	}
	return ""
}

// contradiction returns why an entry cannot follow another one, "" if it can or if either is
// nil. It tolerates a clock that was set back by a little.
func contradiction(prev, e *IndexEntry) string {
	switch {
	case prev == nil || e == nil:
		return ""
	case prev.Stamp.Sub(e.Stamp) > time.Second:
		return fmt.Sprintf("time %s beside %s", e.Stamp, prev.Stamp)
	case e.Volume < prev.Volume:
		return fmt.Sprintf("volume %d beside %d", e.Volume, prev.Volume)
	case e.Volume == prev.Volume && e.Data < prev.Data:
		return fmt.Sprintf("data offset %d beside %d", e.Data, prev.Data)
	case e.Meta < prev.Meta:
		return fmt.Sprintf("metadata offset %d beside %d", e.Meta, prev.Meta)
	}
	return ""
}
