package dump_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// counts writes an archive whose only metric has the given values, which are also
// its times in milliseconds after the sample's start.
func counts(t *testing.T, name string, v pcp.Version, values ...int) *archive.Reader {
	t.Helper()
	base := filepath.Join(t.TempDir(), name)
	h := archtest.Header
	h.PID += int32(values[0])
	a, err := archive.Create(base, h, &archive.WriteOptions{Version: v})
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(archtest.Count.PMID), Text: "help of " + name}))
	for _, n := range values {
		require.NoError(t, a.Append(&archive.Result{Stamp: millis(n), Sets: []archive.ValueSet{
			{PMID: archtest.Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, uint32(n))}},
		}}))
	}
	require.NoError(t, a.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}

// millis returns the time n milliseconds after the sample's start.
func millis(n int) pcp.Timestamp {
	return archtest.Start.Add(time.Duration(n) * time.Millisecond)
}

// listArchives lists archives as one in UTC.
func listArchives(t *testing.T, o dump.Options, archives ...*archive.Reader) (string, error) {
	t.Helper()
	o.Zone = time.UTC
	var b bytes.Buffer
	err := dump.Archives(&b, archives, &o)
	return b.String(), err
}

// outline reduces listed data records to values, and marks to mark@ and their
// milliseconds.
func outline(listing string) string {
	var out []string
	for line := range strings.Lines(listing) {
		line = strings.TrimSpace(line)
		if stamp, ok := strings.CutSuffix(line, "  <mark>"); ok {
			out = append(out, "mark@"+stamp[len("22:13:"):])
		} else if _, value, ok := strings.Cut(line, ": value "); ok {
			out = append(out, value)
		}
	}
	return strings.Join(out, " ")
}

// TestArchivesByTime lists archives that follow each other, touch and overlap, in
// both directions and in windows.
func TestArchivesByTime(t *testing.T) {
	list := func(o dump.Options, archives ...*archive.Reader) string {
		o.Sections = dump.Metrics
		text, err := listArchives(t, o, archives...)
		require.NoError(t, err)
		return outline(text)
	}
	early := counts(t, "early", pcp.V3, 0, 100, 200)
	late := counts(t, "late", pcp.V2, 1000, 1100)
	assert.Equal(t, "0 100 200 mark@20.451000000 1000 1100", list(dump.Options{}, late, early), "a gap")
	assert.Equal(t, "1100 1000 mark@21.249000000 200 100 0", list(dump.Options{Reverse: true}, early, late), "a gap, in reverse")

	after := counts(t, "after", pcp.V3, 200, 300)
	assert.Equal(t, "0 100 200 200 300", list(dump.Options{}, early, after), "no gap")
	inside := counts(t, "inside", pcp.V3, 50, 150, 250)
	assert.Equal(t, "0 50 100 150 200 250", list(dump.Options{}, early, inside), "overlap")
	assert.Equal(t, "250 200 150 100 50 0", list(dump.Options{Reverse: true}, early, inside), "overlap, in reverse")
	assert.Equal(t, "0 50 100 150 200 250 mark@20.501000000 1000 1100", list(dump.Options{}, early, inside, late), "a gap after an overlap")

	assert.Equal(t, "200 mark@20.451000000 1000", list(dump.Options{From: millis(150), To: millis(1000)}, early, late), "a window over the gap")
	assert.Equal(t, "1000 1100", list(dump.Options{From: millis(500)}, early, late), "a window from the gap on")
	assert.Equal(t, "200", list(dump.Options{From: millis(150), To: millis(200)}, early, late), "a window before the gap")
	assert.Equal(t, "1000 mark@21.249000000 200", list(dump.Options{Reverse: true, From: millis(150), To: millis(1000)}, early, late))

	named := dump.Options{Names: []string{"sample.count"}}
	assert.Equal(t, "0 100 200 1000 1100", list(named, early, late), "marks only with Marks")
	named.Marks = true
	assert.Equal(t, "0 100 200 mark@20.451000000 1000 1100", list(named, early, late))
}

// TestArchivesCloseMark puts the mark at the next record if that follows in less
// than a millisecond.
func TestArchivesCloseMark(t *testing.T) {
	early := counts(t, "early", pcp.V3, 0, 100)
	base := filepath.Join(t.TempDir(), "close")
	a, err := archive.Create(base, archtest.Header, nil)
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Append(&archive.Result{Stamp: millis(100).Add(time.Microsecond), Sets: []archive.ValueSet{{PMID: archtest.Count.PMID}}}))
	require.NoError(t, a.Close())
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	text, err := listArchives(t, dump.Options{Sections: dump.Metrics}, early, r)
	require.NoError(t, err)
	assert.Equal(t, "0 100 mark@20.350001000", outline(text))
}

// TestArchivesMetadata lists the metadata of all archives once, and label, index
// and stored instance domains of each archive after a line with its name.
func TestArchivesMetadata(t *testing.T) {
	early, late := counts(t, "early", pcp.V3, 0, 100), counts(t, "late", pcp.V3, 1000)
	rich, err := archive.Open(archtest.Sample(t, pcp.V3), nil)
	require.NoError(t, err)
	text, err := listArchives(t, dump.Options{Sections: everything &^ dump.Metrics}, late, early, rich)
	require.NoError(t, err)
	lines := strings.Split(text, "\n")
	assert.Equal(t, "Note: multi-archive context with 3 archives", lines[0])
	for _, r := range []*archive.Reader{early, late, rich} {
		assert.Equal(t, 3, strings.Count(text, "--- archive "+r.Base()+" ---\n"), r.Base())
	}
	assert.Equal(t, 3, strings.Count(text, "\nTemporal Index\n"))
	assert.Equal(t, 3, strings.Count(text, "\nInstance Domains on-disk ...\n"))
	assert.Equal(t, 1, strings.Count(text, "\nInstance Domains in the Log ...\n"))
	assert.Equal(t, 1, strings.Count(text, "PMID: "+archtest.Count.PMID.String()+" (sample.count)\n"))
	assert.Contains(t, text, "(sample.load)")
	assert.Contains(t, text, "[help of late]\n", "the latest help counts")
	assert.NotContains(t, text, "help of early")
}

// TestArchivesOfOne lists one archive as Text does, without a line of its name.
func TestArchivesOfOne(t *testing.T) {
	base := rich(t, pcp.V3)
	want, err := text(t, base, &dump.Options{Sections: everything, Zone: time.UTC})
	require.NoError(t, err)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	got, err := listArchives(t, dump.Options{Sections: everything}, r)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NotContains(t, got, "--- archive")
	_, err = listArchives(t, dump.Options{})
	assert.Error(t, err, "no archive")
}

// TestArchivesTypes prints values with the type that their own archive gives them.
func TestArchivesTypes(t *testing.T) {
	base := filepath.Join(t.TempDir(), "wide")
	a, err := archive.Create(base, archtest.Header, nil)
	require.NoError(t, err)
	wide := *archtest.Count
	wide.Type = pcp.TypeFloat
	require.NoError(t, a.Define(&wide))
	require.NoError(t, a.Append(&archive.Result{Stamp: millis(900), Sets: []archive.ValueSet{
		{PMID: wide.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, 0x3fc00000)}},
	}}))
	require.NoError(t, a.Close())
	late, err := archive.Open(base, nil)
	require.NoError(t, err)
	var warned []error
	o := dump.Options{Sections: dump.Descs | dump.Metrics, Warn: func(err error) { warned = append(warned, err) }}
	listing, err := listArchives(t, o, counts(t, "early", pcp.V3, 7), late)
	require.NoError(t, err)
	assert.Equal(t, "7 mark@20.258000000 1.5", outline(listing))
	require.Len(t, warned, 1)
	assert.ErrorIs(t, warned[0], pcp.ErrMismatch)
	assert.ErrorContains(t, warned[0], "archive "+base+": ")
}

// TestArchivesDamage goes on with the next archive after damage that hides the end
// of one.
func TestArchivesDamage(t *testing.T) {
	early, late := counts(t, "early", pcp.V3, 0, 100, 200), counts(t, "late", pcp.V3, 1000)
	volume := early.Base() + ".0"
	size, err := os.Stat(volume)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(volume, size.Size()-5))
	early, err = archive.Open(early.Base(), nil)
	require.NoError(t, err)
	listing, err := listArchives(t, dump.Options{Sections: dump.Metrics}, early, late)
	assert.ErrorContains(t, err, volume)
	assert.Equal(t, "0 100 mark@20.351000000 1000", outline(listing))
}

// TestWindowOfArchives counts from the earliest start and back from the latest end.
func TestWindowOfArchives(t *testing.T) {
	early, late := counts(t, "early", pcp.V3, 0, 5000), counts(t, "late", pcp.V3, 1000, 2000)
	lower, upper, err := dump.Window([]*archive.Reader{late, early}, "500msec", "-1", time.UTC)
	require.NoError(t, err)
	assert.Equal(t, millis(500), lower)
	assert.Equal(t, millis(4000), upper)
	_, _, err = dump.Window(nil, "1", "", time.UTC)
	assert.Error(t, err)
}
