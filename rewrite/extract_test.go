package rewrite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// hourly writes an archive with a record of sample.load every hour, from 00:10 on.
func hourly(t testing.TB, hours int) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "hours")
	a, err := archive.Create(base, archive.Header{PID: 1, Host: "h", Zone: "UTC"}, nil)
	require.NoError(t, err)
	require.NoError(t, a.Define(archtest.Load))
	start := time.Date(2026, 1, 1, 0, 10, 0, 0, time.UTC)
	in := &meta.InDom{Stamp: pcp.TimestampOf(start), ID: archtest.Domain, Instances: []meta.Instance{{ID: 1, Name: "1 minute"}, {ID: 5, Name: "5 minute"}, {ID: 7, Name: "1"}}}
	require.NoError(t, a.SetInDom(in))
	for h := range hours {
		set := archive.ValueSet{PMID: archtest.Load.PMID, Format: archive.Block}
		for _, i := range in.Instances {
			set.Values = append(set.Values, history.NumberValue(i.ID, pcp.TypeFloat, 0x3f800000+uint64(h)))
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: pcp.TimestampOf(start.Add(time.Duration(h) * time.Hour)), Sets: []archive.ValueSet{set}}))
	}
	require.NoError(t, a.Close())
	return base
}

// records returns the records of a listing of the reference.
func records(t *testing.T, base string) string {
	t.Helper()
	_, all, _ := strings.Cut(oracle.Run(t, "pmdumplog", "-Z", "UTC", "-xm", base), "\n")
	return all
}

// TestLikeExtract compares instances, limits of the records and daily windows with what
// PCP's pmlogextract makes of them.
func TestLikeExtract(t *testing.T) {
	day := func(h, m int) pcp.Timestamp { return pcp.TimestampOf(time.Date(2026, 1, 1, h, m, 0, 0, time.UTC)) }
	in := hourly(t, 75)
	for name, c := range map[string]struct {
		args   []string
		config string
		o      rewrite.Options
	}{
		"records":       {[]string{"-s", "7"}, "", rewrite.Options{Records: 7}},
		"daily":         {[]string{"-w", "-S", "@10:00", "-T", "@12:00"}, "", rewrite.Options{Start: day(10, 0), End: day(12, 0), Daily: time.UTC}},
		"over midnight": {[]string{"-w", "-S", "@22:00", "-T", "@02:00"}, "", rewrite.Options{Start: day(22, 0), End: day(26, 0), Daily: time.UTC}},
		"daily and limited": {[]string{"-w", "-S", "@10:00", "-T", "@12:00", "-s", "5"}, "",
			rewrite.Options{Start: day(10, 0), End: day(12, 0), Daily: time.UTC, Records: 5}},
		"by name":   {nil, `sample.load ["1 minute"]`, rewrite.Options{Instances: []rewrite.Instances{{Metric: "sample.load", Names: []string{"1 minute"}}}}},
		"by number": {nil, `sample.load [5]`, rewrite.Options{Instances: []rewrite.Instances{{Metric: "sample", Names: []string{"5"}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			extracted := filepath.Join(t.TempDir(), "out")
			args := append([]string{"-Z", "UTC"}, c.args...)
			if c.config != "" {
				file := filepath.Join(t.TempDir(), "config")
				require.NoError(t, os.WriteFile(file, []byte(c.config+"\n"), 0o600))
				args = append(args, "-c", file)
			}
			oracle.Run(t, "pmlogextract", append(args, in, extracted)...)
			out, _ := copyOf(t, c.o, in)
			assert.Equal(t, records(t, extracted), records(t, out))
			assert.NotEmpty(t, records(t, out))
		})
	}
}

// TestInstances selects instances of some metrics, and of all.
func TestInstances(t *testing.T) {
	in := archtest.Sample(t, pcp.V3)
	five := []rewrite.Instances{{Names: []string{"five"}}}
	for name, c := range map[string]struct {
		o    rewrite.Options
		want string
	}{
		"of all metrics":     {rewrite.Options{Instances: five, Records: 1}, "0 load[five] bytes count release"},
		"of one":             {rewrite.Options{Instances: []rewrite.Instances{{"sample.load", []string{"one"}}}, Metrics: []string{"sample.count"}, Records: 1}, "0 load[one] count"},
		"selected otherwise": {rewrite.Options{Instances: []rewrite.Instances{{"sample.load", []string{"one"}}}, Metrics: []string{"sample.load"}, Records: 1}, "0 load[one][five]"},
		"by number":          {rewrite.Options{Instances: []rewrite.Instances{{"sample.load", []string{"1"}}}, Records: 1}, "0 load[five]"},
	} {
		t.Run(name, func(t *testing.T) {
			out, _ := copyOf(t, c.o, in)
			assert.Equal(t, []string{c.want}, steps(t, out))
		})
	}
	_, err := rewrite.Copy(t.Context(), filepath.Join(t.TempDir(), "out"), open(t, in), rewrite.Options{Instances: []rewrite.Instances{{"sample.none", []string{"x"}}}})
	assert.ErrorIs(t, err, rewrite.ErrNoMetric)
}
