package main

import (
	"bytes"
	"cmp"
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
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDamageEverywhere damages each file of an archive in turn at many places, as
// it is and compressed: what salvage gets is read by every verb, and the damage
// is named with the file, once, with status 4.
func TestDamageEverywhere(t *testing.T) {
	for _, how := range []archive.Compression{archive.CompressNone, archive.CompressZstd, archive.CompressGzip} {
		t.Run(cmp.Or(how.String(), "plain"), func(t *testing.T) {
			t.Parallel()
			base := volumesOf(t, how)
			_, members, err := archive.Members(base)
			require.NoError(t, err)
			for _, m := range members {
				whole, err := os.ReadFile(m.Path)
				require.NoError(t, err)
				for part := range 8 {
					bad := slices.Clone(whole)
					bad[len(whole)*part/8] ^= 0x40
					require.NoError(t, os.WriteFile(m.Path, bad, 0o644))
					everyVerb(t, base, m.Path, fmt.Sprintf("%s, a bit at %d of %d", filepath.Base(m.Path), len(whole)*part/8, len(whole)))
				}
				for _, n := range []int{0, 50, len(whole) / 2, len(whole) - 3} {
					require.NoError(t, os.WriteFile(m.Path, whole[:n], 0o644))
					everyVerb(t, base, m.Path, fmt.Sprintf("%s cut to %d", filepath.Base(m.Path), n))
				}
				require.NoError(t, os.WriteFile(m.Path, whole, 0o644))
			}
		})
	}
}

// volumesOf writes an archive of three volumes of 30 records.
func volumesOf(t *testing.T, how archive.Compression) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{NoSync: true, VolumeRecords: 30, Compress: how, CompressLast: how != archive.CompressNone})
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Count))
	require.NoError(t, a.Define(archtest.Release))
	for i := range int64(90) {
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.Timestamp{Sec: archtest.Start.Sec + i}, Sets: []archive.ValueSet{
			{PMID: archtest.Count.PMID, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeUnknown, Bits: uint64(i)}}},
			{PMID: archtest.Release.PMID, Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, fmt.Sprintf("%x", i*i*1234567))}},
		}}))
	}
	require.NoError(t, a.Close())
	return base
}

// everyVerb holds what verbs say and read of a damaged archive against salvage.
func everyVerb(t *testing.T, base, file, what string) {
	t.Helper()
	command := func(args ...string) (int, string, string) {
		var o, e bytes.Buffer
		status := run(args, streams{out: &o, err: &e})
		return status, o.String(), e.String()
	}
	records := func(base string) (int, string, int) {
		status, out, errs := command("dump", "--output", "ndjson", base)
		return status, errs, strings.Count(out, `"kind":"result"`)
	}
	saved := filepath.Join(t.TempDir(), "saved")
	_, _, _ = command("check", "--salvage", saved, base)
	_, _, least := records(saved)
	status, errs, n := records(base)
	assert.GreaterOrEqual(t, n, least, what)
	if status == exitOK {
		assert.Equal(t, 90, n, "%s: nothing is lost in silence", what)
	} else {
		assert.Contains(t, errs, file+": offset ", what)
	}
	copied := filepath.Join(t.TempDir(), "copy")
	for _, args := range [][]string{
		{"export", "openmetrics", base, "--start", "start"}, {"summary", base}, {"copy", base, copied}, {"info", base, "--count"},
	} {
		got, _, errs := command(args...)
		if least == 0 {
			continue
		}
		if status == exitSkipped && args[0] == "copy" { // the others do not decode what they do not ask for
			assert.Equal(t, exitSkipped, got, "%s: %v\n%s", what, args, errs)
		}
		assert.Contains(t, []int{exitOK, exitSkipped}, got, "%s: %v\n%s", what, args, errs)
	}
}
