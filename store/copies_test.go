package store_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// A recorder may scrape two exporters of a host at the same times from the same beginning.
// The steps of both count, and those of a copy of an archive do not count again.
func TestSimultaneousTargets(t *testing.T) {
	dir := t.TempDir()
	bases := archtest.TargetsAtOnce(t, dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "copy"), 0o755))
	for _, suffix := range []string{".meta", ".index", ".0"} {
		data, err := os.ReadFile(bases[0] + suffix)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "copy", filepath.Base(bases[0])+suffix), data, 0o600))
	}
	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	set, err := hosts.Only()
	require.NoError(t, err)
	require.Len(t, set.Archives(), len(bases)+1, "the copy in the folder below is read as well")
	for name, steps := range map[string]iter.Seq2[*history.Step, error]{
		"forward": set.Steps(history.Query{}), "backward": set.Backward(history.Query{}),
	} {
		counts := map[string]int{}
		for step, err := range steps {
			require.NoError(t, err)
			if !step.Mark {
				counts[strings.TrimSuffix(step.Metrics[0].Metric.Target.String(), ":9100")]++
			}
		}
		assert.Equal(t, map[string]int{"web1": 10, "web3": 10}, counts, name)
	}
}

// putAll writes an archive of the process 7 with records at the same times. Each metric has the value
// that values gives it.
func putAll(t *testing.T, base string, values map[string]int) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "h", PID: 7, Zone: "UTC"}, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	for sec := range int64(3) {
		res := &archive.Result{Stamp: pcp.Timestamp{Sec: 100 + sec}}
		for i, name := range []string{"m.a", "m.b", "m.c"} {
			value, ok := values[name]
			if !ok {
				continue
			}
			d := &meta.Desc{PMID: pcp.NewPMID(60, 0, uint32(i)), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{name}}
			require.NoError(t, a.Define(d))
			res.Sets = append(res.Sets, archive.ValueSet{PMID: d.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(value))}})
		}
		require.NoError(t, a.Append(res))
	}
	require.NoError(t, a.Close())
}

// TestLikeCopies: of archives that may be copies, what they have in common counts once, whichever comes
// first, and nothing else is lost. What is read of a metric does not depend on the others that are read.
func TestLikeCopies(t *testing.T) {
	all := []map[string]int{{"m.a": 1}, {"m.a": 1, "m.b": 2}, {"m.b": 2, "m.c": 3}, {"m.c": 4}}
	want := map[string]int{"m.a 1": 3, "m.b 2": 3, "m.c 3": 3, "m.c 4": 3}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}} {
		dir := t.TempDir()
		for name, i := range order {
			putAll(t, filepath.Join(dir, fmt.Sprint("a", name)), all[i])
		}
		set := open(t, dir).Sets()[0]
		for _, read := range []func(history.Query) iter.Seq2[*history.Step, error]{set.Steps, set.Backward} {
			for _, only := range []string{"", "m.a", "m.b", "m.c"} {
				got, expected := map[string]int{}, map[string]int{}
				for step, err := range read(history.Query{Metrics: func(d *meta.Desc) bool { return only == "" || d.Name() == only }}) {
					require.NoError(t, err)
					for _, m := range step.Metrics {
						got[fmt.Sprint(m.Metric.Name, " ", m.Points[0].Value.Bits)]++
					}
				}
				for value, n := range want {
					if strings.HasPrefix(value, only) {
						expected[value] = n
					}
				}
				assert.Equal(t, expected, got, "%v %s", order, only)
			}
		}
	}
}

// TestMarksOfCopies: a mark that all open archives have is one mark, of all of them. A mark that
// an archive beside the copies lacks concerns the copies alone.
func TestMarksOfCopies(t *testing.T) {
	for _, other := range []bool{false, true} {
		dir := t.TempDir()
		recordAt(t, filepath.Join(dir, "a"), 100, 110, -120, 130)
		recordAt(t, filepath.Join(dir, "b"), 100, 110, -120, 130, 140)
		want := []string{"100 part 0", "110 part 0", "120 mark -1", "130 part 0", "140 part 0"}
		if other {
			recordAt(t, filepath.Join(dir, "c"), 105, 125, 145)
			want = []string{"100 part 0", "105 part 2", "110 part 0", "120 mark 0", "120 mark 1", "125 part 2", "130 part 0", "140 part 0", "145 part 2"}
		}
		set := open(t, dir).Sets()[0]
		var got []string
		for step, err := range set.Steps(history.Query{}) {
			require.NoError(t, err)
			kind := "part"
			if step.Mark {
				kind = "mark"
			}
			got = append(got, fmt.Sprint(step.Stamp.Sec, " ", kind, " ", step.Part))
		}
		assert.Equal(t, want, got)
	}
}

// TestRecordTwiceInACopy: a copy that was merged from pieces has the records of their common time
// twice. They count once beside the archive.
func TestRecordTwiceInACopy(t *testing.T) {
	dir := t.TempDir()
	recordAt(t, filepath.Join(dir, "a"), 100, 110, 120, 130)
	recordAt(t, filepath.Join(dir, "b"), 100, 110, 110, 120, 120, 120, 130)
	var got []int64
	for step, err := range open(t, dir).Sets()[0].Steps(history.Query{}) {
		require.NoError(t, err)
		got = append(got, step.Stamp.Sec)
	}
	assert.Equal(t, []int64{100, 110, 120, 130}, got)
}

// TestCopyThatEnds: the values of copies stay in one part, whichever copy ends first.
func TestCopyThatEnds(t *testing.T) {
	short, long := []int64{100, 110}, []int64{100, 110, 120, 130}
	for _, order := range [][][]int64{{short, long}, {long, short}, {short, long, short}, {long, short, long}} {
		dir := t.TempDir()
		for i, times := range order {
			recordAt(t, filepath.Join(dir, fmt.Sprint("a", i)), times...)
		}
		var got []string
		for step, err := range open(t, dir).Sets()[0].Steps(history.Query{}) {
			require.NoError(t, err)
			got = append(got, fmt.Sprint(step.Stamp.Sec, " ", step.Part))
		}
		assert.Equal(t, []string{"100 0", "110 0", "120 0", "130 0"}, got, "%v", order)
	}
}
