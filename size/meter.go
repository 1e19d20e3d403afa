package size

import (
	"context"
	"errors"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Meter accounts for the bytes of archives. It has one owner.
type Meter struct {
	zone    *time.Location
	files   []File
	kinds   map[string]*Kind
	metrics map[pcp.PMID]*metric
	domains map[pcp.InDomID]*Domain
	levels  map[labelset.Level]*Level
	days    map[day]*Day

	host string
	last *Day // of the data record before
}

// day is a day of a host.
type day struct {
	host string
	date time.Time
}

// New returns a Meter without archives. Days begin at midnight in zone.
func New(zone *time.Location) *Meter {
	return &Meter{
		zone: zone, kinds: map[string]*Kind{}, metrics: map[pcp.PMID]*metric{}, domains: map[pcp.InDomID]*Domain{},
		levels: map[labelset.Level]*Level{}, days: map[day]*Day{},
	}
}

// checkEvery is the number of records between two looks at a context.
const checkEvery = 256

// Add reads all files of an archive once and adds them to the account. It adds bytes
// that cannot be read as such, with the damage in r.Warnings. Add fails if a file cannot
// be opened or ctx ends; the account is incomplete then.
func (m *Meter) Add(ctx context.Context, r *archive.Reader) error {
	m.host, m.last = r.Header().Host, nil
	first := len(m.files)
	at := map[string]int{}
	for _, member := range r.Members() {
		at[member.Path] = len(m.files)
		m.files = append(m.files, File{Path: member.Path, Host: m.host, Stored: member.Size})
	}
	header := archive.HeaderSize(r.Header().Version)
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleIndex, archive.RoleData} {
		n := 0
		for rec, err := range r.Records(role) {
			if n++; n%checkEvery == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err := m.add(rec, err, at); err != nil {
				return err
			}
		}
	}
	m.endArchive()
	for i, member := range r.Members() {
		m.endFile(&m.files[first+i], member.Compress != "", header)
	}
	return nil
}

// add adds a record, or damage in its place.
func (m *Meter) add(rec archive.Located, err error, at map[string]int) error {
	var damage *archive.Damage
	if err != nil && !errors.As(err, &damage) {
		return err
	}
	i, known := at[rec.Pos.File]
	if !known {
		return nil // damage of a file that is not there
	}
	if damage != nil {
		m.files[i].Lost += max(damage.Bytes, 0)
		m.files[i].Length += max(damage.Bytes, 0)
		return nil
	}
	m.files[i].Length += rec.Size
	m.record(rec)
	return nil
}

// endFile completes the account of a file whose records have been read. Bytes of a plain
// file that no record holds are unreadable.
func (m *Meter) endFile(f *File, compressed bool, header int64) {
	if compressed && f.Length > 0 || f.Stored >= header {
		m.kind(KindHeader).add(header)
		f.Length += header
	}
	if !compressed && f.Length < f.Stored {
		f.Lost += f.Stored - f.Length
		f.Length = f.Stored
	}
	if f.Lost > 0 {
		m.kind(KindUnreadable).add(f.Lost)
	}
}

// kind returns the account of a kind.
func (m *Meter) kind(name string) *Kind { return entry(m.kinds, name, Kind{Name: name}) }

// entry returns the value of a key, which it makes from initial if it is new.
func entry[K comparable, V any](table map[K]*V, key K, initial V) *V {
	v := table[key]
	if v == nil {
		v = &initial
		table[key] = v
	}
	return v
}

// add adds a record of a length.
func (k *Kind) add(length int64) {
	k.Records++
	k.Length += length
}

// record adds a record other than an archive label.
func (m *Meter) record(rec archive.Located) {
	switch x := rec.Record.(type) {
	case *archive.Result:
		m.result(x, rec.Size)
	case *archive.Mark:
		m.kind(KindMarks).add(rec.Size)
		m.day(x.Stamp, rec.Size)
	case *archive.IndexEntry:
		m.kind(KindIndex).add(rec.Size)
	case *meta.Desc:
		m.kind(KindDescs).add(rec.Size)
		m.metric(x.PMID).describe(x, rec.Size)
	case *meta.InDom:
		m.kind(KindDomains).add(rec.Size)
		m.domain(x.ID).add(rec.Size)
	case *meta.InDomDelta:
		m.kind(KindDeltas).add(rec.Size)
		m.domain(x.ID).add(rec.Size)
	case *meta.Labels:
		m.labels(x, rec.Size)
	case *meta.Text:
		m.kind(KindText).add(rec.Size)
		if x.Type&meta.TextInDom != 0 {
			m.domain(pcp.InDomID(x.Ident)).Text += rec.Size
			return
		}
		m.metric(pcp.PMID(x.Ident)).Metadata += rec.Size
	}
}

// labels adds a label record.
func (m *Meter) labels(x *meta.Labels, length int64) {
	m.kind(KindLabels).add(length)
	level := entry(m.levels, x.Level, Level{Name: x.Level.String()})
	level.Records++
	level.Length += length
	switch x.Level {
	case labelset.InDom, labelset.Instances:
		m.domain(pcp.InDomID(x.Ident)).Labels += length
	case labelset.Item:
		m.metric(pcp.PMID(x.Ident)).Metadata += length
	}
}

// domain returns the account of an instance domain.
func (m *Meter) domain(id pcp.InDomID) *Domain { return entry(m.domains, id, Domain{InDom: id}) }

// add adds a record of a length.
func (d *Domain) add(length int64) {
	d.Records++
	d.Length += length
}

// day adds a data record to the day of its timestamp.
func (m *Meter) day(stamp pcp.Timestamp, length int64) {
	t := stamp.Time().In(m.zone)
	if m.last == nil || t.Before(m.last.Date) || !t.Before(m.last.Date.AddDate(0, 0, 1)) {
		date := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, m.zone)
		m.last = entry(m.days, day{m.host, date}, Day{Host: m.host, Date: date})
	}
	m.last.Records++
	m.last.Length += length
}
