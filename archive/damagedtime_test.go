package archive_test

import (
	"flag"
	"fmt"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
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

// timedRecord is a record of an archive whose times a test damages.
type timedRecord struct {
	stamp pcp.Timestamp
	value uint32 // 0 for a mark
	pos   archive.Pos
}

// rhythms are the times between the records of archives, one after the other.
var rhythms = map[string][]time.Duration{
	"one group":    {10 * time.Second},
	"three groups": {time.Millisecond, 2 * time.Millisecond, 9997 * time.Millisecond, time.Millisecond, 4 * time.Second},
	"days":         {24 * time.Hour},
	"fast":         {50 * time.Millisecond},
}

// writeTimed writes an archive of three volumes and lists its records.
func writeTimed(t *testing.T, v pcp.Version, rhythm []time.Duration, records int) (base string, all []timedRecord) {
	t.Helper()
	base = filepath.Join(t.TempDir(), "rec")
	stamp := pcp.Timestamp{Sec: 1_700_000_000, Nsec: 123456000}
	a, err := archive.Create(base, archive.Header{Version: v, Host: "web1", Zone: "UTC", Start: stamp}, &archive.WriteOptions{Version: v, NoSync: true, VolumeRecords: records/3 + 1})
	require.NoError(t, err)
	require.NoError(t, a.Define(&meta.Desc{PMID: archtest.Count.PMID, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a.b"}}))
	for i := range records {
		if i > 0 {
			stamp = stamp.Add(rhythm[i%len(rhythm)])
		}
		if i%13 == 12 {
			require.NoError(t, a.Mark(stamp))
			continue
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: stamp, Sets: []archive.ValueSet{
			{PMID: archtest.Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(i+1))}},
		}}))
	}
	require.NoError(t, a.Close())
	return base, timedRecords(t, base)
}

func timedRecords(t *testing.T, base string) (all []timedRecord) {
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for rec, err := range r.Records(archive.RoleData) {
		require.NoError(t, err)
		all = append(all, timed(rec))
	}
	return all
}

func timed(rec archive.Located) timedRecord {
	switch r := rec.Record.(type) {
	case *archive.Result:
		return timedRecord{r.Stamp, uint32(r.Sets[0].Values[0].Bits), rec.Pos}
	case *archive.Mark:
		return timedRecord{stamp: r.Stamp, pos: rec.Pos}
	}
	return timedRecord{}
}

// steps lists the steps of a sequence, without marks for damage.
func timedSteps(t *testing.T, seq iter.Seq2[*history.Step, error]) (all []string) {
	t.Helper()
	for step, err := range seq {
		require.NoError(t, err)
		switch {
		case step.Implied:
		case step.Mark:
			all = append(all, fmt.Sprint(step.Stamp, " 0"))
		default:
			all = append(all, fmt.Sprint(step.Stamp, " ", step.Metrics[0].Points[0].Value.Bits))
		}
	}
	return all
}

func (r timedRecord) String() string { return fmt.Sprint(r.stamp, " ", r.value) }

// timeReaders read the records of an archive in order of time.
var timeReaders = map[string]func(t *testing.T, r *archive.Reader, from, to pcp.Timestamp) []string{
	"steps": func(t *testing.T, r *archive.Reader, _, _ pcp.Timestamp) []string {
		return timedSteps(t, r.Steps(history.Query{}))
	},
	"one metric": func(t *testing.T, r *archive.Reader, _, _ pcp.Timestamp) []string {
		return timedSteps(t, r.Steps(history.Query{PMIDs: []pcp.PMID{archtest.Count.PMID}}))
	},
	"bounded": func(t *testing.T, r *archive.Reader, from, to pcp.Timestamp) []string {
		return timedSteps(t, r.Steps(history.Query{From: from, To: to}))
	},
	"backward": func(t *testing.T, r *archive.Reader, _, _ pcp.Timestamp) []string {
		all := timedSteps(t, r.Backward(history.Query{}))
		slices.Reverse(all)
		return all
	},
	"backward, bounded": func(t *testing.T, r *archive.Reader, from, to pcp.Timestamp) []string {
		all := timedSteps(t, r.Backward(history.Query{From: from, To: to}))
		slices.Reverse(all)
		return all
	},
	"records": func(t *testing.T, r *archive.Reader, _, _ pcp.Timestamp) (all []string) {
		for rec, err := range r.RecordsFrom(pcp.MinTime) {
			if err == nil {
				all = append(all, timed(rec).String())
			}
		}
		return all
	},
}

var allTimes = flag.Bool("alltimes", false, "flip each bit of many records' times")

// timeBits are the bits of a record's time, by version.
var timeBits = map[pcp.Version]int{pcp.V2: 64, pcp.V3: 96}

// turn reports whether it is a test's turn to damage a bit of a time. Each bit has its turn
// with every second number; short tests leave out three quarters of the bits.
func turn(bit, number int) bool {
	return *allTimes || (bit+number)%2 == 0 && (!testing.Short() || bit/2%4 == 0)
}

// TestDamagedTimes flips each bit of a record's time. Every reader yields all other records,
// in order, and names the record if its time contradicts theirs.
func TestDamagedTimes(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		victims := []int{0, 1, 2, 13, 14, 20, 38, 39}
		number := 0
		for _, name := range slices.Sorted(maps.Keys(rhythms)) {
			for _, indexed := range []bool{true, false} {
				base, all := writeTimed(t, v, rhythms[name], 40)
				if !indexed {
					require.NoError(t, os.Remove(base+".index"))
				}
				for bit := range timeBits[v] {
					for i, victim := range victims {
						if *allTimes || i == (bit+bit/8)%len(victims) && turn(bit, number) {
							damageTime(t, base, name, all, victim, bit)
						}
					}
				}
				number++
			}
			number++ // the next rhythm begins with the bits that this one left out
		}
	})
}

func damageTime(t *testing.T, base, name string, all []timedRecord, victim, bit int) {
	t.Helper()
	path := all[victim].pos.File
	at := all[victim].pos.Offset + 4 + int64(bit/8)
	restore := flip(t, path, at, byte(1<<(bit%8)))
	defer restore()
	from, to := all[0].stamp.Add(-time.Minute), all[len(all)-1].stamp.Add(time.Minute)
	for reader, read := range timeReaders {
		where := fmt.Sprint(name, ": ", reader, ": record ", victim, ", bit ", bit)
		r, err := archive.Open(base, nil)
		require.NoError(t, err, where)
		got := read(t, r, from, to)
		want := make([]string, 0, len(all))
		for i, rec := range all {
			if i != victim {
				want = append(want, rec.String())
			}
		}
		others := slices.DeleteFunc(slices.Clone(got), func(s string) bool { return !slices.Contains(want, s) })
		if !assert.Equal(t, want, others, where) {
			return
		}
		if len(got) > len(want) && victim < len(all)-1 && !slices.IsSortedFunc(got, byStamp) {
			assert.Fail(t, "the record is yielded and not in order", "%s\n%q", where, got)
		}
		named := 0
		for _, w := range r.Warnings() {
			assert.ErrorIs(t, w, pcp.ErrRange, where)
			assert.ErrorContains(t, w, fmt.Sprintf("%s: offset %d: ", path, all[victim].pos.Offset), where)
			named++
		}
		assert.LessOrEqual(t, named, 1, where)
		if reader != "bounded" && reader != "backward, bounded" {
			assert.Equal(t, len(want)+1-len(got), named, where)
		}
	}
}

func byStamp(a, b string) int {
	var x, y pcp.Timestamp
	for s, t := range map[string]*pcp.Timestamp{a: &x, b: &y} {
		_, _ = fmt.Sscanf(s, "%d.%d", &t.Sec, &t.Nsec)
	}
	return x.Compare(y)
}

// flip changes a byte of a file until the result is called.
func flip(t *testing.T, path string, at int64, bits byte) (restore func()) {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	raw[at] ^= bits
	require.NoError(t, os.WriteFile(path, raw, 0o644))
	return func() {
		raw[at] ^= bits
		require.NoError(t, os.WriteFile(path, raw, 0o644))
	}
}
