package dump_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestCompat lists what release 6 shows otherwise than the current one: units of
// the extra dimension, errors, label records of instances. The listing of release
// 6 is held against the reference.
func TestCompat(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a")
	a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: pcp.V3})
	require.NoError(t, err)
	archtest.Fill(t, a)
	units := []struct {
		u           pcp.Units
		now, before string
	}{
		{pcp.Units{ExtraUnit: 1, ExtraScale: 1}, "temperature (C)", "none"},
		{pcp.Units{ExtraUnit: 4, ExtraScale: 2}, "power (W)", "none"},
		{pcp.Units{ExtraUnit: 4, ExtraScale: 2, DimTime: 1, ScaleTime: pcp.TimeHour}, "power (W) hour", "hour"},
		{pcp.Units{ExtraUnit: -2, ExtraScale: 2}, "/ voltage (mV)", "none"},
		{pcp.Units{ExtraUnit: 9, ExtraScale: 1}, "extra-9", "none"},
		{pcp.Units{ScaleCount: 3}, "count x 10^3", "x 10^3"},
	}
	for i, u := range units {
		require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(60, 77, uint32(i)), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Units: u.u, Names: []string{"units.u" + string(rune('a'+i))}}))
	}
	at, _ := a.Last()
	set := func(pairs ...string) {
		at.Sec++
		l := &meta.Labels{Stamp: at, Level: labelset.Instances, Ident: uint32(archtest.Domain)}
		for i := range pairs {
			s, err := labelset.Parse(`{"gpu":"`+pairs[i]+`"}`, labelset.Instances)
			require.NoError(t, err)
			l.Sets = append(l.Sets, labelset.Instance{Inst: pcp.InstID(i), Set: s})
		}
		require.NoError(t, a.SetLabels(l))
	}
	set("zero", "one")
	set("zero", "two") // one set is new
	set("zero", "two") // a repetition
	at.Sec++
	require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{{PMID: pcp.NewPMID(60, 77, 0), Err: -12373}}}))
	require.NoError(t, a.Close())

	list := func(compat int) string {
		listing, err := text(t, base, &dump.Options{Sections: dump.Descs | dump.LabelSets | dump.Metrics, Zone: archive.Zone("UTC"), Compat: compat})
		require.NoError(t, err)
		return listing
	}
	now, before := list(0), list(6)
	assert.Equal(t, now, list(7))
	of := regexp.MustCompile(`\(units\.u.\)\n.*\n.*Units: (.*)\n`)
	for i, u := range units {
		assert.Equal(t, u.now, of.FindAllStringSubmatch(now, -1)[i][1])
		assert.Equal(t, u.before, of.FindAllStringSubmatch(before, -1)[i][1])
	}
	gpu := regexp.MustCompile(`"gpu":"(\w+)"`)
	assert.Len(t, gpu.FindAllString(now, -1), 4, "all but the repetition")
	assert.Len(t, gpu.FindAllString(before, -1), 3, "and but the set that did not change")
	assert.Contains(t, now, "Corrupted record in a PCP archive\n")
	assert.Contains(t, before, "Corrupted record in a PCP archive log\n")

	if want := oracle.Exec(t, "pmdumplog", "-Z", "UTC", "-d", "-e", "-m", base); want.Exit == 0 {
		_, listing, _ := strings.Cut(want.Stdout, "\n\n")
		assert.Empty(t, oracle.FirstDifference(oracle.Canon(listing), oracle.Canon(before)))
	}
}
