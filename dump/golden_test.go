package dump_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

var update = flag.Bool("update", false, "write testdata/*.txtar anew")

// listings are what the golden files hold, by pmdumplog's options.
var listings = []struct {
	args string
	o    dump.Options
}{
	{"-a", dump.Options{Sections: dump.All, Sizes: true}},
	{"-d", dump.Options{Sections: dump.Descs}},
	{"-e", dump.Options{Sections: dump.LabelSets}},
	{"-h", dump.Options{Sections: dump.HelpText}},
	{"-I", dump.Options{Sections: dump.DiskInDoms}},
	{"-i", dump.Options{Sections: dump.InDoms}},
	{"-l", dump.Options{Sections: dump.Label}},
	{"-L", dump.Options{Sections: dump.Label | dump.LabelDetails}},
	{"-t", dump.Options{Sections: dump.Index}},
	{"-m", dump.Options{Sections: dump.Metrics}},
	{"-m -s", dump.Options{Sections: dump.Metrics, Sizes: true}},
	{"-r", dump.Options{Sections: dump.Metrics, Reverse: true}},
	{"-x -t -m", dump.Options{Sections: dump.Metrics | dump.Index, Dates: 1}},
	{"-xx -i -I -m", dump.Options{Sections: dump.Metrics | dump.InDoms | dump.DiskInDoms, Dates: 2}},
	{"-xxx -l -t -m", dump.Options{Sections: dump.Metrics | dump.Index | dump.Label, Dates: 3}},
	{"-Z JST-9 -l -t", dump.Options{Sections: dump.Index | dump.Label, Zone: archive.Zone("JST-9")}},
	{"-m ARCHIVE sample.bytes other", dump.Options{Sections: dump.Metrics, Names: []string{"sample.bytes", "other"}}},
	{"-M ARCHIVE sample.count", dump.Options{Sections: dump.Metrics, Marks: true, Names: []string{"sample.count"}}},
	{"-S 1sec -T 1.5sec", dump.Options{Sections: dump.Metrics, From: after(1, 0), To: after(2, 500000000)}},
	{"-r -S 1sec -T 2sec", dump.Options{Sections: dump.Metrics, Reverse: true, From: after(1, 0), To: after(3, 0)}},
}

// after returns a time after the sample's start.
func after(sec int64, nsec int32) pcp.Timestamp {
	return pcp.Timestamp{Sec: archtest.Start.Sec + sec, Nsec: archtest.Start.Nsec + nsec}
}

// TestGolden lists an archive with every kind of record in every way. The golden
// files are also held against the reference, if it is there.
func TestGolden(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := rich(t, v)
		name := filepath.Join("testdata", v.String()+".txtar")
		got := &txtar.Archive{Comment: []byte("What pmdumplog 6.0.3 prints of the archive that helpers_test.go writes.\n")}
		for _, l := range listings {
			o := l.o
			o.Compat = 6
			if o.Zone == nil {
				o.Zone = archive.Zone("UTC")
			}
			listing, err := text(t, base, &o)
			require.NoError(t, err, l.args)
			got.Files = append(got.Files, txtar.File{Name: "pmdumplog " + l.args, Data: []byte(listing)})
		}
		if *update {
			require.NoError(t, os.WriteFile(name, txtar.Format(got), 0o666))
		}
		want, err := txtar.ParseFile(name)
		require.NoError(t, err)
		require.Len(t, want.Files, len(got.Files))
		for i, f := range want.Files {
			assert.Equal(t, f.Name, got.Files[i].Name)
			assert.Empty(t, oracle.FirstDifference(string(f.Data), string(got.Files[i].Data)), f.Name)
		}
	})
}

// TestGoldenReference holds the golden files against the reference.
func TestGoldenReference(t *testing.T) {
	oracle.Path(t, "pmdumplog")
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := rich(t, v)
		golden, err := txtar.ParseFile(filepath.Join("testdata", v.String()+".txtar"))
		require.NoError(t, err)
		for _, f := range golden.Files {
			want := strings.TrimSuffix(oracle.Run(t, "pmdumplog", arguments(f.Name, base)...), "\n")
			if strings.HasPrefix(want, "Note: ") {
				_, want, _ = strings.Cut(want, "\n\n")
			}
			assert.Empty(t, oracle.FirstDifference(oracle.Canon(want), oracle.Canon(strings.TrimSuffix(string(f.Data), "\n"))), f.Name)
		}
	})
}

// arguments returns the reference's arguments for a golden file.
func arguments(name, base string) []string {
	args := strings.Fields(name)[1:]
	if !slices.Contains(args, "-Z") {
		args = append([]string{"-Z", "UTC"}, args...)
	}
	if i := slices.Index(args, "ARCHIVE"); i >= 0 {
		args[i] = base
		return args
	}
	return append(args, base)
}

// TestRaw lists files of framed records, whole and cut.
func TestRaw(t *testing.T) {
	whole, err := os.ReadFile(archtest.Sample(t, pcp.V3) + ".0")
	require.NoError(t, err)
	first := int(archive.HeaderSize(pcp.V3))
	for _, n := range []int{len(whole), len(whole) - 1, len(whole) - 4, len(whole) - 5, len(whole) - 9, first + 4, first + 2, first, 100, 3, 0} {
		t.Run(strconv.Itoa(n), func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "f")
			require.NoError(t, os.WriteFile(name, whole[:n], 0o666))
			var got strings.Builder
			err := dump.Raw(&got, name)
			if n == len(whole) {
				assert.NoError(t, err)
				assert.Contains(t, got.String(), "Dump ... record len: 808 @ offset: 0\n 50052603 ")
			}
			assert.Equal(t, oracle.Exec(t, "pmdumplog", "-v", name).Stdout, got.String())
		})
	}
	assert.ErrorIs(t, dump.Raw(&strings.Builder{}, filepath.Join(t.TempDir(), "none")), os.ErrNotExist)
}

// TestNoSuchMetric: unknown names are named; without a known one nothing is listed.
func TestNoSuchMetric(t *testing.T) {
	base := archtest.Sample(t, pcp.V3)
	var warned []error
	o := &dump.Options{Sections: dump.Metrics, Names: []string{"sample.count", "no.such"}, Warn: func(err error) { warned = append(warned, err) }}
	listing, err := text(t, base, o)
	require.NoError(t, err)
	assert.Contains(t, listing, "(sample.count)")
	require.Len(t, warned, 1)
	assert.ErrorContains(t, warned[0], "no.such")
	listing, err = text(t, base, &dump.Options{Sections: dump.All, Names: []string{"no.such"}})
	assert.ErrorContains(t, err, "unknown metric name")
	assert.Empty(t, listing)
}
