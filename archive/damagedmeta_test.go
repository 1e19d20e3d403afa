package archive_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// stampOf returns the time of a metadata record.
func stampOf(rec archive.Record) (t pcp.Timestamp, ok bool) {
	switch rec := rec.(type) {
	case *meta.InDom:
		return rec.Stamp, true
	case *meta.InDomDelta:
		return rec.Stamp, true
	case *meta.Labels:
		return rec.Stamp, true
	}
	return t, false
}

// TestDamagedMetaTimes flips bits of the time of each metadata record. Where the records around
// it contradict the time, it is named and the answers are those without damage. Else it has
// moved by less than the time between records.
func TestDamagedMetaTimes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 16)
		bits := map[pcp.Version]int{pcp.V2: 64, pcp.V3: 96}[v]
		end := d.open(t, "").Header().Start.Add(150 * time.Second)
		named := 0
		for _, rec := range d.records {
			stamp, ok := stampOf(rec.Record)
			if !ok || rec.Pos.Role != archive.RoleMeta {
				continue
			}
			for bit := range bits {
				if !*allTimes && (bit+int(rec.Pos.Offset))%3 > 0 {
					continue
				}
				where := fmt.Sprintf("%T at %d, bit %d", rec.Record, rec.Pos.Offset, bit)
				restore := flip(t, rec.Pos.File, rec.Pos.Offset+8+int64(bit/8), 1<<(bit%8))
				r := d.open(t, where)
				got := answersOf(t, r, history.Query{})
				if !assert.Len(t, got, len(d.answers), where) {
					return
				}
				for i, want := range d.answers {
					if got[i] != want {
						at := d.answers[i][:len(stamp.String())]
						assert.GreaterOrEqual(t, at, stamp.Add(-40*time.Second).String(), where)
						assert.LessOrEqual(t, at, stamp.Add(40*time.Second).String(), where)
					}
				}
				damaged := storedTime(t, r, rec.Pos.Offset)
				far := damaged.Before(stamp.Add(-41*time.Second)) || damaged.After(stamp.Add(41*time.Second)) && (stamp.Before(end.Add(-50*time.Second)) || damaged.After(end.Add(time.Second)))
				if far {
					assert.Len(t, r.Warnings(), 1, where)
				}
				if assert.LessOrEqual(t, len(r.Warnings()), 1, where) && len(r.Warnings()) > 0 {
					named++
					assert.ErrorContains(t, r.Warnings()[0], fmt.Sprintf("%s.meta: offset %d: ", filepath.Base(d.base), rec.Pos.Offset), where)
					assertAnswers(t, d.answers, got, where)
				}
				restore()
			}
		}
		assert.Greater(t, named, 100)
	})
}

// storedTime returns the time of a metadata record as stored.
func storedTime(t *testing.T, r *archive.Reader, offset int64) (stamp pcp.Timestamp) {
	t.Helper()
	for rec, err := range r.Records(archive.RoleMeta) {
		require.NoError(t, err)
		if rec.Pos.Offset == offset {
			stamp, _ = stampOf(rec.Record)
		}
	}
	return stamp
}

// TestReadersOfDamagedMetaTime: a copy, a follower and a reader that shares descriptions use
// the same time.
func TestReadersOfDamagedMetaTime(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 16)
		for _, rec := range d.records {
			stamp, ok := stampOf(rec.Record)
			if !ok || rec.Pos.Role != archive.RoleMeta {
				continue
			}
			restore := flip(t, rec.Pos.File, rec.Pos.Offset+8+map[pcp.Version]int64{pcp.V2: 1, pcp.V3: 5}[v], 4)
			where := fmt.Sprintf("%T at %d", rec.Record, rec.Pos.Offset)
			damage := 0
			for got, err := range d.open(t, where).MetaRecords() {
				if err != nil {
					damage++
					assert.ErrorContains(t, err, fmt.Sprintf("offset %d: ", rec.Pos.Offset), where)
				} else if got.Pos == rec.Pos {
					corrected, _ := stampOf(got.Record)
					assert.Equal(t, stamp, corrected, where)
				}
			}
			assert.Equal(t, 1, damage, where)
			o := (&archive.ReadOptions{}).Shared()
			for range 2 {
				r, err := archive.Open(d.base, o)
				require.NoError(t, err)
				assertAnswers(t, d.answers, answersOf(t, r, history.Query{}), where)
				assert.Len(t, r.Warnings(), 1, where)
			}
			ctx, cancel := context.WithCancel(t.Context())
			n := 0
			r := d.open(t, where)
			for step, err := range r.Follow(ctx, history.Query{}) {
				require.NoError(t, err)
				for _, m := range step.Metrics {
					for _, p := range m.Points {
						if m.Metric.Desc.InDom == archtest.Domain && p.Series.Inst.ID < 3 {
							assert.NotEmpty(t, p.Series.Inst.Name, where)
						}
						n++
					}
				}
				if n == len(d.answers) {
					cancel()
				}
			}
			cancel()
			assert.Len(t, r.Warnings(), 1, where)
			restore()
		}
	})
}

// TestDamagedInDoms flips each bit of the counts and name offsets of instance domains. Values
// have the names of their instances or none.
func TestDamagedInDoms(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		d := writeDescribed(t, v, 8)
		names := map[pcp.InstID]string{1: "sda", 2: "sdb", 3: "sdc", 4: "sdd"}
		stampSize := map[pcp.Version]int64{pcp.V2: 8, pcp.V3: 12}[v]
		for _, rec := range d.records {
			n := int64(0)
			switch in := rec.Record.(type) {
			case *meta.InDom:
				n = int64(len(in.Instances))
			case *meta.InDomDelta:
				n = int64(len(in.Changes))
			default:
				continue
			}
			count := rec.Pos.Offset + 8 + stampSize + 4
			for bit := range (4 + 4*n) * 8 {
				at := count + bit/8
				if bit >= 32 {
					at += 4 * n // the identifiers of the instances
				}
				where := fmt.Sprintf("%T at %d, byte %d, bit %d", rec.Record, rec.Pos.Offset, at-rec.Pos.Offset, bit%8)
				restore := flip(t, rec.Pos.File, at, 1<<(bit%8))
				r := d.open(t, where)
				for step, err := range r.Steps(history.Query{}) {
					require.NoError(t, err)
					for _, m := range step.Metrics {
						for _, p := range m.Points {
							if p.Series.Inst.Name != "" {
								assert.Equal(t, names[p.Series.Inst.ID], p.Series.Inst.Name, where)
							}
						}
					}
				}
				if assert.Len(t, r.Warnings(), 1, where) {
					var damage *archive.Damage
					require.ErrorAs(t, r.Warnings()[0], &damage, where)
					assert.Equal(t, rec.Pos.Offset, damage.Offset, where)
				}
				restore()
			}
		}
	})
}
