package rewrite_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// places are the offsets of a label's fields in a file.
type places struct{ fraction, volume, host, zone, end int }

var labelPlaces = map[pcp.Version]places{2: {16, 20, 24, 88, 128}, 3: {20, 24, 36, 292, 804}}

// spoilers damage a label, one field each.
var spoilers = map[string]func(b []byte, p places){
	"length":        func(b []byte, _ places) { copy(b, "\x00\x00\x00\x01") },
	"trailer":       func(b []byte, p places) { copy(b[p.end:], "\x00\x00\x00\x01") },
	"magic":         func(b []byte, _ places) { copy(b[4:], "abc") },
	"other version": func(b []byte, _ places) { b[7] = 5 - b[7] },
	"no version":    func(b []byte, _ places) { b[7] = 9 },
	"start":         func(b []byte, p places) { binary.BigEndian.PutUint32(b[p.fraction-4:], 1<<31-1) },
	"fraction":      func(b []byte, p places) { copy(b[p.fraction:], "\xff\xff\xff\xff") },
	"volume":        func(b []byte, p places) { b[p.volume+3] = 77 },
	"bytes of host": func(b []byte, p places) { copy(b[p.host:], "\xff\xfe\x01") },
	"no host":       func(b []byte, p places) { clear(b[p.host:p.zone]) },
	"endless host":  func(b []byte, p places) { copy(b[p.host:p.zone], strings.Repeat("h", 512)) },
	"bytes of zone": func(b []byte, p places) { copy(b[p.zone:], "\xff\xfe\x01") },
	"no zone":       func(b []byte, p places) { clear(b[p.zone : p.zone+40]) },
	"zeros":         func(b []byte, p places) { clear(b[:p.end+4]) },
}

var suffixes = []string{".0", ".index", ".meta"}

func contentsOf(t *testing.T, base string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, suffix := range suffixes {
		b, err := os.ReadFile(base + suffix)
		require.NoError(t, err)
		all[suffix] = string(b)
	}
	return all
}

// spoil damages the label of a file.
func spoil(t *testing.T, path string, v pcp.Version, how func(b []byte, p places)) {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	how(b, labelPlaces[v])
	require.NoError(t, os.WriteFile(path, b, 0o600))
}

// judge asks the reference whether labels are whole.
func judge(t *testing.T, base string) {
	t.Helper()
	if path, err := exec.LookPath("pmloglabel"); err == nil {
		out, err := oracle.Command(t, path, base).CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Empty(t, out)
		require.NotContains(t, oracle.Exec(t, "pmlogcheck", base).Stderr, "label")
	}
}

// TestRepairLabels damages the label of each file in every way: the archive is as it was.
func TestRepairLabels(t *testing.T) {
	for _, v := range []pcp.Version{2, 3} {
		for _, suffix := range suffixes {
			for _, name := range slices.Sorted(maps.Keys(spoilers)) {
				t.Run(fmt.Sprint(v, suffix, " ", name), func(t *testing.T) {
					base := archtest.Sample(t, v)
					before := contentsOf(t, base)
					spoil(t, base+suffix, v, spoilers[name])
					labels, err := rewrite.ReadLabels(base, 0)
					require.NoError(t, err)
					require.Len(t, labels.Faults(), 1)
					assert.True(t, strings.HasPrefix(labels.Faults()[0], base+suffix+": "), labels.Faults())
					require.NoError(t, labels.Repair(t.Context(), rewrite.Label{}))
					assert.Equal(t, before, contentsOf(t, base))
				})
			}
		}
	}
}

// TestRepairAllLabels damages the labels of all files alike: the records tell the version,
// and fields that no file has must be given.
func TestRepairAllLabels(t *testing.T) {
	host, zone := "web1", "UTC"
	for _, v := range []pcp.Version{2, 3} {
		for _, name := range slices.Sorted(maps.Keys(spoilers)) {
			if name == "volume" || name == "other version" || name == "no version" {
				continue
			}
			t.Run(fmt.Sprint(v, " ", name), func(t *testing.T) {
				base := archtest.Sample(t, v)
				before := contentsOf(t, base)
				for _, suffix := range suffixes {
					spoil(t, base+suffix, v, spoilers[name])
				}
				damaged := contentsOf(t, base)
				labels, err := rewrite.ReadLabels(base, 0)
				require.NoError(t, err)
				require.Equal(t, v, labels.Good.Version)
				fix := rewrite.Label{}
				if strings.Contains(name, "host") && name != "endless host" || strings.Contains(name, "zone") || name == "zeros" {
					require.ErrorIs(t, labels.Repair(t.Context(), fix), rewrite.ErrLabels)
					require.Equal(t, damaged, contentsOf(t, base))
					fix = rewrite.Label{Host: &host, Zone: &zone}
				}
				require.NoError(t, labels.Repair(t.Context(), fix))
				after := contentsOf(t, base)
				for _, suffix := range suffixes {
					assert.Equal(t, before[suffix][labelPlaces[v].end:], after[suffix][labelPlaces[v].end:])
				}
				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				assert.False(t, r.Header().Start.After(labels.First))
				assert.Empty(t, r.Warnings())
			})
		}
	}
}

// TestLabelsThatDiffer: the label that most files have counts, or what the caller gives.
func TestLabelsThatDiffer(t *testing.T) {
	for _, v := range []pcp.Version{2, 3} {
		for _, suffix := range suffixes {
			base := archtest.Sample(t, v)
			before := contentsOf(t, base)
			spoil(t, base+suffix, v, func(b []byte, _ places) { binary.BigEndian.PutUint32(b[8:], 4242) })
			labels, err := rewrite.ReadLabels(base, 0)
			require.NoError(t, err)
			require.Len(t, labels.Faults(), 1)
			require.ErrorContains(t, errors.New(labels.Faults()[0]), base+suffix+": process is 4242, and ")
			require.NoError(t, labels.Repair(t.Context(), rewrite.Label{}))
			assert.Equal(t, before, contentsOf(t, base))
			judge(t, base)
		}
	}
}

// TestRepairCompressed: a compressed file with a damaged label becomes plain.
func TestRepairCompressed(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	before := contentsOf(t, base)
	spoil(t, base+".0", 3, spoilers["magic"])
	in, err := os.ReadFile(base + ".0")
	require.NoError(t, err)
	out, err := os.Create(base + ".0.xz")
	require.NoError(t, err)
	w, err := archive.CompressXZ.NewWriter(out)
	require.NoError(t, err)
	_, err = w.Write(in)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.NoError(t, out.Close())
	require.NoError(t, os.Remove(base+".0"))
	labels, err := rewrite.ReadLabels(base, 0)
	require.NoError(t, err)
	require.NoError(t, labels.Repair(t.Context(), rewrite.Label{}))
	assert.Equal(t, before, contentsOf(t, base))
	assert.NoFileExists(t, base+".0.xz")
}

// TestLabelsBeyondRepair has archives that are damaged beyond their labels, or not damaged.
func TestLabelsBeyondRepair(t *testing.T) {
	for name, how := range map[string]func(b []byte, p places){
		"record follows": func(b []byte, p places) { spoilers["magic"](b, p); copy(b[p.end+4:], "\xff\xff\xff\xff") },
	} {
		base := archtest.Sample(t, pcp.V3)
		spoil(t, base+".meta", 3, how)
		_, err := rewrite.ReadLabels(base, 0)
		require.ErrorIs(t, err, rewrite.ErrLabels, name)
		require.ErrorContains(t, err, base+".meta: offset 808")
	}
	base := archtest.Sample(t, pcp.V2)
	for _, suffix := range suffixes {
		spoil(t, base+suffix, 2, func(b []byte, _ places) { b[7] = 1 })
	}
	_, err := rewrite.ReadLabels(base, 0)
	require.ErrorIs(t, err, pcp.ErrVersion)
	_, err = rewrite.ReadLabels(base, 2)
	require.NoError(t, err, "the caller knows better")
	require.NoError(t, os.Truncate(base+".0", 20))
	_, err = rewrite.ReadLabels(base, 2)
	require.ErrorIs(t, err, pcp.ErrTruncated)
	_, err = rewrite.ReadLabels(filepath.Join(t.TempDir(), "none"), 0)
	require.ErrorIs(t, err, os.ErrNotExist)
}
