package catalogue

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestRemembered compares the catalogue of archives whose instances, labels, texts and types
// change one at a time with catalogues that see each archive alone: remembered hashes and series
// make no difference.
func TestRemembered(t *testing.T) {
	dir := t.TempDir()
	const changes = 12
	for i := range changes {
		writeChanged(t, filepath.Join(dir, fmt.Sprintf("a%02d", i)), i)
	}
	whole, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	all := New(Options{Workers: 1})
	view := all.View(whole.Sets())
	together, err := view.Select(t.Context(), pcp.Timestamp{}, pcp.Timestamp{})
	require.NoError(t, err)
	want, reused := map[string]bool{}, 0
	for i, a := range whole.Sets()[0].Archives() {
		one, err := store.Open([]string{a.Base}, nil)
		require.NoError(t, err)
		alone, err := New(Options{}).View(one.Sets()).Select(t.Context(), pcp.Timestamp{}, pcp.Timestamp{})
		require.NoError(t, err)
		part, err := view.Select(t.Context(), a.Header.Start, a.Header.Start.Add(1))
		require.NoError(t, err)
		assert.Equal(t, seriesIn(alone), seriesIn(part), "archive %d", i)
		for text := range seriesIn(alone) {
			if want[text] {
				reused++
			}
			want[text] = true
		}
	}
	assert.Equal(t, want, seriesIn(together))
	assert.Greater(t, reused, changes)
}

func seriesIn(s *Selection) map[string]bool {
	found := map[string]bool{}
	for ls := range s.Series() {
		found[ls.String()] = true
	}
	return found
}

// writeChanged writes archive i of a row, in which something differs from the one before.
func writeChanged(t *testing.T, base string, i int) {
	t.Helper()
	at := pcp.Timestamp{Sec: 1_700_000_000 + int64(i)*3600}
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC", Start: at}, nil)
	require.NoError(t, err)
	labels := func(level labelset.Level, ident uint32, inst pcp.InstID, pairs ...labelset.Label) {
		set, err := labelset.New(level, pairs...)
		require.NoError(t, err)
		require.NoError(t, a.SetLabels(&meta.Labels{Stamp: at, Level: level, Ident: ident, Sets: []labelset.Instance{{Inst: inst, Set: set}}}))
	}
	domain, id := pcp.NewInDomID(60, 1), pcp.NewPMID(60, 0, 1)
	labels(labelset.Context, meta.ContextIdent, pcp.InstNull, labelset.String("hostname", "h"), labelset.String("rack", fmt.Sprint(i/4)))
	labels(labelset.Instances, uint32(domain), 2, labelset.String("slot", fmt.Sprint(i/3)))
	in := &meta.InDom{Stamp: at, ID: domain}
	for n := range 4 {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(n + i/2), Name: fmt.Sprint("inst", n+i/2)})
	}
	require.NoError(t, a.SetInDom(in))
	typ := pcp.TypeU32
	if i >= 6 {
		typ = pcp.TypeU64
	}
	require.NoError(t, a.Define(&meta.Desc{PMID: id, Type: typ, InDom: domain, Sem: pcp.SemInstant, Names: []string{"a.many"}}))
	require.NoError(t, a.Define(&meta.Desc{PMID: id + 1, Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"a.one"}}))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(id), Text: fmt.Sprint("text ", i/5)}))
	require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{{PMID: id + 1, Values: []history.Value{history.WordValue(pcp.InstNull, 1)}}}}))
	require.NoError(t, a.Close())
}
