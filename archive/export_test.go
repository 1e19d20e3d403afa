package archive

import (
	"time"

	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// Disk is the interface that fault injection implements.
type Disk = disk

// CreateOn is Create with another function to create files.
func CreateOn(base string, h Header, o *WriteOptions, open func(name string) (Disk, error)) (*Appender, error) {
	return create(base, h, o, open)
}

// ContinueOn is Continue with other functions to create and to open files.
func ContinueOn(path string, o *WriteOptions, open, reopen func(name string) (Disk, error)) (*Appender, error) {
	return continueOn(path, o, open, reopen)
}

// ReadMember reads an index.
var ReadMember = readMember

// OpenFile opens a file as Continue does.
func OpenFile(name string) (Disk, error) { return openFile(name) }

// CreateFile creates a file as Create does.
func CreateFile(name string) (Disk, error) { return createFile(name) }

func layoutOf(v pcp.Version) *wire.Layout {
	l, ok := wire.For(v)
	if !ok {
		panic(v)
	}
	return l
}

// SetRecordLimit sets the limit of a file to a length that a test can reach.
func (a *Appender) SetRecordLimit(n int64) {
	l := *a.layout
	l.MaxFile = n
	a.layout = &l
}

func EncodeMeta(r Record, v pcp.Version) []byte { return appendMeta(nil, layoutOf(v), r) }

func DecodeData(payload []byte, v pcp.Version) (*Result, error) {
	rd := resultDecoder{layout: layoutOf(v)}
	return rd.decode(payload)
}
func EncodeData(r *Result, v pcp.Version) []byte { return appendResult(nil, layoutOf(v), r) }

func EncodeIndexEntry(e IndexEntry, v pcp.Version) []byte {
	return appendIndexEntry(nil, layoutOf(v), e)
}

func EncodeHeader(h *Header, volume int32) []byte {
	return appendHeader(nil, layoutOf(h.Version), h, volume)
}

func ZoneOf(zoneInfo, tz string) *time.Location { return zone(zoneInfo, tz) }

// ShapeHits returns the number of records that matched a shape in d.
func (d *ResultDecoder) ShapeHits() int { return d.rd.shapes.hits }

// fullDisk is a file whose disk has no room while full is set.
type fullDisk struct {
	disk
	full *bool
}

// WriteAt writes a part and fails while the disk is full.
func (d fullDisk) WriteAt(p []byte, off int64) (int, error) {
	if !*d.full {
		return d.disk.WriteAt(p, off)
	}
	n, _ := d.disk.WriteAt(p[:len(p)/2], off)
	return n, fullErrors[0]
}

// LetDiskFill makes the disk of a's files full while full is set.
func (a *Appender) LetDiskFill(full *bool) {
	for _, f := range a.files() {
		f.f = fullDisk{f.f, full}
	}
}

// BreakKinds makes a skimmer of r panic where it looks up the kind of a record, if a pass has
// found kinds.
func (r *Reader) BreakKinds() {
	for size := range r.skims.kinds.bySize {
		r.skims.kinds.bySize[size] = []*recordKind{nil}
	}
}
