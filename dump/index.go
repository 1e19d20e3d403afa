package dump

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
)

// index prints the temporal index of an archive, with each entry's faults below it.
func (d *dumper) index(r *archive.Reader) {
	d.buf = append(d.buf, "Temporal Index\n"...)
	tabs := 2 + 2*min(d.clock.dates, 2) // the width of a time
	if d.clock.digits == 9 {
		tabs++
	}
	d.buf = append(append(d.buf, strings.Repeat("\t", tabs)...), "Log Vol    end(meta)     end(log)\n"...)
	entries := r.Index()
	metaSize, _ := sizeOf(r, archive.RoleMeta, 0)
	dataSize := unknownSize
	for i := range entries {
		e := &entries[i]
		d.buf = d.clock.appendTime(d.buf, e.Stamp)
		d.buf = fmt.Appendf(d.buf, "\t  %5d  %11d  %11d\n", e.Volume, e.Meta, e.Data)
		if i == 0 || e.Volume != entries[i-1].Volume {
			var ok bool
			if dataSize, ok = sizeOf(r, archive.RoleData, int(e.Volume)); !ok {
				d.buf = fmt.Appendf(d.buf, "\t\tWarning: file missing for log volume %d\n", e.Volume)
			}
		}
		d.entryErrors(e, metaSize, dataSize)
		if i > 0 {
			d.orderErrors(&entries[i-1], e)
		}
		d.spill()
	}
}

// unknownSize stands for the size of a compressed file. Offsets in the index count
// decompressed bytes, so they cannot be compared with the file.
const unknownSize int64 = -1

// sizeOf returns the size of a file of the archive. ok is false if the file is missing.
func sizeOf(r *archive.Reader, role archive.Role, volume int) (size int64, ok bool) {
	for _, m := range r.Members() {
		if m.Role == role && m.Volume == volume {
			if m.Compress != "" {
				return unknownSize, true
			}
			return m.Size, true
		}
	}
	return unknownSize, false
}

// entryErrors prints the faults of one entry. A negative size is unknown.
func (d *dumper) entryErrors(e *archive.IndexEntry, metaSize, dataSize int64) {
	if e.Stamp.Sec < 0 || e.Stamp.Nsec < 0 || e.Stamp.Nsec > 999999999 {
		d.buf = fmt.Appendf(d.buf, "\t\tError: illegal timestamp value (%d sec, %d nsec)\n", e.Stamp.Sec, e.Stamp.Nsec)
	}
	if metaSize >= 0 && e.Meta > metaSize {
		d.buf = fmt.Appendf(d.buf, "\t\tError: offset to meta file past end of file (%d)\n", metaSize)
	}
	if dataSize >= 0 && e.Data > dataSize {
		d.buf = fmt.Appendf(d.buf, "\t\tError: offset to log file past end of file (%d)\n", dataSize)
	}
}

// orderErrors prints where entry e contradicts the previous entry, last.
func (d *dumper) orderErrors(last, e *archive.IndexEntry) {
	if e.Stamp.Before(last.Stamp) {
		d.buf = append(d.buf, "\t\tError: timestamp went backwards in time "...)
		d.buf = append(d.clock.appendOfDay(d.buf, last.Stamp, d.clock.digits), " -> "...)
		d.buf = append(d.clock.appendOfDay(d.buf, e.Stamp, d.clock.digits), '\n')
	}
	if e.Volume < last.Volume {
		d.buf = append(d.buf, "\t\tError: volume number decreased\n"...)
	}
	if e.Volume == last.Volume && e.Meta < last.Meta {
		d.buf = append(d.buf, "\t\tError: offset to meta file decreased\n"...)
	}
	if e.Volume == last.Volume && e.Data < last.Data {
		d.buf = append(d.buf, "\t\tError: offset to log file decreased\n"...)
	}
}
