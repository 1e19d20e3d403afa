package archive_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

func TestSet(t *testing.T) {
	for _, tt := range []struct {
		name string
		recs []recording
		q    history.Query
		want string
	}{
		{"one", []recording{{secs: []int64{1, 2, 3}, pid: 1}}, history.Query{}, "1 1, 2 1, 3 1"},
		{
			"gaps, versions and types mixed",
			[]recording{{secs: []int64{7, 8}, pid: 3}, {v: pcp.V2, secs: []int64{1, 2}, pid: 1, typ: pcp.TypeU32}, {secs: []int64{4, 5}, pid: 2}},
			history.Query{}, "1 1, 2 1, 2.001 mark, 4 2, 5 2, 5.001 mark, 7 3, 8 3",
		},
		{"ends in a mark", []recording{{secs: []int64{1, -2}, pid: 1}, {secs: []int64{4}, pid: 2}}, history.Query{}, "1 1, 2 mark, 4 2"},
		{"begins where the last ends", []recording{{secs: []int64{1, 2}, pid: 1}, {secs: []int64{2, 3}, pid: 2}}, history.Query{}, "1 1, 2 1, 2 mark, 2 2, 3 2"},
		{
			"overlap",
			[]recording{{secs: []int64{1, 3, 5, 7}, pid: 1}, {secs: []int64{4, 6, 8}, pid: 2}, {secs: []int64{10}, pid: 3}},
			history.Query{}, "1 1, 3 1, 4 2, 5 1, 6 2, 7 1, 8 2, 8.001 mark, 10 3",
		},
		{
			"inside another",
			[]recording{{secs: []int64{1, 3, 9}, pid: 1}, {secs: []int64{2, 4}, pid: 2}, {secs: []int64{5, 6}, pid: 3}},
			history.Query{}, "1 1, 2 2, 3 1, 4 2, 5 3, 6 3, 9 1",
		},
		{"same start", []recording{{secs: []int64{1, 3}, pid: 1}, {secs: []int64{1, 2}, pid: 2}}, history.Query{}, "1 1, 1 2, 2 2, 3 1"},
		{
			"copies of one recording",
			[]recording{{secs: []int64{1, 2, 2}, pid: 1}, {secs: []int64{1, 2, 2, 3, 4}, pid: 1}, {secs: []int64{1}, pid: 1}, {secs: []int64{6}, pid: 2}},
			history.Query{}, "1 1, 2 1, 2 1, 3 1, 4 1, 4.001 mark, 6 2",
		},
		{
			"an end that says nothing of the metric wanted",
			[]recording{{secs: []int64{1, 2}, pid: 1}, {secs: []int64{4, 5, -6}, pid: 2}, {secs: []int64{8, 9}, pid: 3, typ: pcp.TypeU32}, {secs: []int64{11}, pid: 4}},
			history.Query{Metrics: func(d *meta.Desc) bool { return d.Type == pcp.Type32 }}, "1 1, 2 1, 2.001 mark, 4 2, 5 2, 6 mark, 11 4",
		},
		{
			"from and to",
			[]recording{{secs: []int64{1, 2}, pid: 1}, {secs: []int64{4, 5}, pid: 2}, {secs: []int64{7, 8}, pid: 3}},
			history.Query{From: at(2), To: at(7)}, "2 1, 2.001 mark, 4 2, 5 2, 5.001 mark, 7 3",
		},
		{
			"from in a gap",
			[]recording{{secs: []int64{1, 2}, pid: 1}, {secs: []int64{4, 5}, pid: 2}},
			history.Query{From: at(3)}, "4 2, 5 2",
		},
		{
			"to in a gap",
			[]recording{{secs: []int64{1, 2}, pid: 1}, {secs: []int64{4, 5}, pid: 2}},
			history.Query{To: at(3)}, "1 1, 2 1, 2.001 mark",
		},
		{
			"nothing wanted in the middle",
			[]recording{{secs: []int64{1, 2}, pid: 1}, {secs: []int64{4, 5}, pid: 2, typ: pcp.TypeU32}, {secs: []int64{7, 8}, pid: 3}},
			history.Query{Metrics: func(d *meta.Desc) bool { return d.Type == pcp.Type32 }}, "1 1, 2 1, 2.001 mark, 7 3, 8 3",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			for i, rec := range tt.recs {
				rec.name = fmt.Sprint("rec", i)
				rec.write(t, dir)
			}
			s := storetest.Open(t, dir)
			for range 2 {
				assert.Equal(t, strings.Split(tt.want, ", "), timeline(t, s, tt.q))
			}
			assert.Empty(t, problems(s))
			assert.Len(t, s.Archives(), len(tt.recs))
			end, err := s.End()
			require.NoError(t, err)
			last := int64(0)
			for _, rec := range tt.recs {
				for _, sec := range rec.secs {
					last = max(last, sec, -sec)
				}
			}
			assert.Equal(t, at(last), end)
			for range s.Steps(tt.q) {
				break
			}
			back := timelineOf(t, s.Backward(tt.q))
			slices.Reverse(back)
			assert.Equal(t, strings.Split(tt.want, ", "), back, "backward")
			for range s.Backward(tt.q) {
				break
			}
		})
	}
}

// TestSetKeepsDescriptors checks that each archive is joined with its own
// descriptors where they differ.
func TestSetKeepsDescriptors(t *testing.T) {
	dir := t.TempDir()
	first := recording{name: "a", secs: []int64{1}}.write(t, dir)
	second := recording{name: "b", v: pcp.V2, typ: pcp.TypeU32, secs: []int64{5}}.write(t, dir)
	hosts, err := store.Open([]string{second + ".0", first, second, dir}, &archive.ReadOptions{KeepMetadata: -1})
	require.NoError(t, err)
	s, err := hosts.Only()
	require.NoError(t, err)
	var types []pcp.Type
	for step, err := range s.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, m := range step.Metrics {
			types = append(types, m.Metric.Desc.Type)
		}
	}
	assert.Equal(t, []pcp.Type{pcp.Type32, pcp.TypeU32}, types)
	var versions []pcp.Version
	for r := range s.Readers() {
		versions = append(versions, r.Header().Version)
		_, ok := r.Meta().Lookup("sample.count")
		assert.True(t, ok)
	}
	assert.Equal(t, []pcp.Version{pcp.V3, pcp.V2}, versions)
	assert.Equal(t, []string{first, second}, []string{s.Archives()[0].Base, s.Archives()[1].Base}, "each once, by start")
}

// TestSetProblems damages archives in every way. Each must be used as far as
// possible and reported once.
func TestSetProblems(t *testing.T) {
	dir := t.TempDir()
	base := map[string]string{}
	for i, name := range []string{"good1", "torn", "badmeta", "good2", "nometa", "novolume", "badlabel", "damaged", "tornmeta", "good3"} {
		n := int64(10 * i)
		base[name] = recording{name: name, pid: int32(i), secs: []int64{n + 1, n + 2, n + 3}}.write(t, dir)
	}
	edit := func(file string, change func(b []byte) []byte) {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, change(b), 0o644))
	}
	flip := func(at int) func(b []byte) []byte { return func(b []byte) []byte { b[at] ^= 0xff; return b } }
	record := func(b []byte) int { return 808 + (len(b)-808)/3 } // start of the second record
	edit(base["torn"]+".0", func(b []byte) []byte { return b[:len(b)-6] })
	edit(base["badmeta"]+".meta", flip(815))
	require.NoError(t, os.Remove(base["nometa"]+".meta"))
	require.NoError(t, os.Remove(base["novolume"]+".0"))
	edit(base["badlabel"]+".0", flip(4))
	edit(base["damaged"]+".0", func(b []byte) []byte { return flip(record(b) + 3)(b) })
	edit(base["tornmeta"]+".meta", func(b []byte) []byte { return b[:len(b)-1] })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "libc.so.6"), []byte("not an archive"), 0o644))

	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	s, err := hosts.Only()
	require.NoError(t, err)
	want := strings.Split("1 0, 2 0, 3 0, 3.001 mark, 11 1, 12 1, 12.001 mark, 31 3, 32 3, 33 3, 33.001 mark, "+
		"61 6, 62 6, 63 6, 63.001 mark, 71 7, 71.001 mark, 73 7, 73.001 mark, 81 8, 82 8, 83 8, 83.001 mark, 91 9, 92 9, 93 9", ", ")
	assert.Equal(t, want, timeline(t, s, history.Query{}))
	assert.Equal(t, want, timeline(t, s, history.Query{}))
	got := problems(hosts)
	for _, p := range []struct {
		name, what string
		damage     bool
	}{
		{"badlabel", ".0: offset 4: label record: magic number", true},
		{"badmeta", ".meta: offset 8", true},
		{"damaged", ".0: offset 852: record: length 211", true},
		{"nometa", ": nometa.meta is missing: file does not exist; left out " + base["nometa"], false},
		{"novolume", ": it has no data volume: file does not exist; left out " + base["novolume"], false},
		{"torn", ".0: offset 896: record: length 44: file ends inside a record", true},
		{"tornmeta", ".meta: offset ", true},
	} {
		assert.True(t, slices.ContainsFunc(got, func(text string) bool { return strings.Contains(text, base[p.name]+p.what) }), "%s in %q", p.name, got)
		at := slices.IndexFunc(hosts.Problems(), func(q store.Problem) bool { return q.Archive == base[p.name] })
		require.NotEqual(t, -1, at, p.name)
		assert.Equal(t, !p.damage, hosts.Problems()[at].Skipped, p.name)
		var fe *pcp.FormatError
		assert.Equal(t, p.damage, errors.As(hosts.Problems()[at].Err, &fe), p.name)
	}
	assert.Len(t, got, 7)

	all := []string{}
	for r := range s.Readers() {
		all = append(all, filepath.Base(r.Base()))
	}
	assert.Equal(t, []string{"good1", "torn", "badmeta", "good2", "badlabel", "damaged", "tornmeta", "good3"}, all)
}

// TestSetLooksOnlyWhereNeeded checks that archives outside the query are not
// opened.
func TestSetLooksOnlyWhereNeeded(t *testing.T) {
	dir := t.TempDir()
	for i := range int64(4) {
		base := recording{name: fmt.Sprint("rec", i), secs: []int64{10*i + 1, 10*i + 2}}.write(t, dir)
		if i != 2 {
			require.NoError(t, os.Truncate(base+".meta", 810))
		}
		if i == 0 {
			packers[0].pack(t, base+".0")
		}
	}
	s := storetest.Open(t, dir)
	assert.Equal(t, []string{"21 0", "22 0"}, timeline(t, s, history.Query{From: at(21), To: at(22)}))
	assert.Len(t, timelineOf(t, s.Backward(history.Query{From: at(21), To: at(22)})), 2)
	assert.Empty(t, s.Problems())
	assert.Equal(t, []string{"21 0", "22 0"}, timeline(t, s, history.Query{}))
	assert.Len(t, s.Problems(), 3)
}

// TestSetCorpus compares folders of the corpus with their archives read one by
// one, separated by marks, and with PCP's merge.
func TestSetCorpus(t *testing.T) {
	for _, name := range []string{"multi", "multi-xz"} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(oracle.Corpus(t), "archives", name)
			s := storetest.Open(t, dir)
			var got, marks []string
			for step, err := range s.Steps(history.Query{All: true}) {
				require.NoError(t, err)
				if step.Mark {
					marks = append(marks, step.Stamp.String())
				} else {
					got = append(got, step.Stamp.String())
				}
			}
			assert.Len(t, marks, 3)
			assert.Empty(t, s.Problems())

			out := filepath.Join(t.TempDir(), "merged")
			args := []string{}
			for _, a := range s.Archives() {
				args = append(args, a.Base)
			}
			cmd := oracle.Command(t, "pmlogextract", append(args, out)...)
			cmd.Dir = t.TempDir()
			require.NoError(t, cmd.Run())
			r, err := archive.Open(out, nil)
			require.NoError(t, err)
			var want, wantMarks []string
			for step, err := range r.Steps(history.Query{All: true}) {
				require.NoError(t, err)
				if step.Mark {
					wantMarks = append(wantMarks, step.Stamp.String())
				} else {
					want = append(want, step.Stamp.String())
				}
			}
			assert.Equal(t, want, got)
			assert.Subset(t, marks, wantMarks, "the writer leaves out those that its prologue proves unnecessary")
		})
	}
}
