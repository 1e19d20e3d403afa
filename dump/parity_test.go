package dump_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/dump"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// deliberate are archives that are listed otherwise than by the reference, and
// why that is better. It is empty: what the reference shows wrong or not at all
// is in the JSON form.
var deliberate = map[string]string{}

// selections are what dump_parity.py compares.
var selections = map[string]dump.Section{
	"-a":  dump.All,
	"-eh": dump.LabelSets | dump.HelpText,
}

// TestParityCorpus compares the listing of every archive of the corpus with the
// reference's.
func TestParityCorpus(t *testing.T) {
	oracle.Path(t, "pmdumplog")
	for _, folder := range []string{"archives", "badarchives"} {
		root := filepath.Join(oracle.Corpus(t), folder)
		for _, base := range oracle.Archives(t, folder, false) {
			name, err := filepath.Rel(root, base)
			require.NoError(t, err)
			for flags, sections := range selections {
				t.Run(folder+"/"+name+" "+flags, func(t *testing.T) {
					t.Parallel()
					compare(t, base, name, []string{"-z", flags}, &dump.Options{Sections: sections, Sizes: flags == "-a"})
				})
			}
		}
	}
}

// compare lists an archive with o and compares with the reference's listing.
func compare(t *testing.T, base, name string, args []string, o *dump.Options) {
	t.Helper()
	want := oracle.Exec(t, "pmdumplog", append(args, base)...)
	o.Compat = 6
	got, err := text(t, base, o)
	if want.Exit != 0 && strings.TrimSpace(want.Stdout) == "" {
		assert.Error(t, err, "the reference refuses it: %s", want.Stderr)
		return
	}
	_, listing, _ := strings.Cut(want.Stdout, "\n\n") // the note on the time zone
	differs := oracle.FirstDifference(oracle.Canon(listing), oracle.Canon(got))
	if why, ok := deliberate[name]; ok {
		assert.NotEmpty(t, differs, "it no longer differs deliberately: %s", why)
		return
	}
	assert.Empty(t, differs)
}

// TestParityReverse compares listings in reverse and in time windows, of smaller
// archives.
func TestParityReverse(t *testing.T) {
	for _, name := range []string{"gap", "omnibus_v3", "pcp-zoneinfo", "count-mark", "20180416", "dupname-b"} {
		base := filepath.Join(oracle.Corpus(t), "archives", name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, base, name, []string{"-z", "-r"}, &dump.Options{Sections: dump.Metrics, Reverse: true})
			for _, window := range [][2]string{{"3sec", ""}, {"-3sec", ""}, {"", "2sec"}, {"1sec", "2.5"}, {"1", "-2sec"}} {
				r, err := archive.Open(base, nil)
				require.NoError(t, err)
				o := dump.Options{Sections: dump.Metrics, Dates: 2, Zone: archive.Zone(r.Header().Zone)}
				o.From, o.To, err = dump.Window([]*archive.Reader{r}, window[0], window[1], o.Zone)
				require.NoError(t, err)
				args := []string{"-z", "-xx"}
				if window[0] != "" {
					args = append(args, "-S", window[0])
				}
				if window[1] != "" {
					args = append(args, "-T", window[1])
				}
				compare(t, base, name, args, &o)
			}
		})
	}
}

// TestDamageIsNamed lists an archive up to its damage, as the reference does.
func TestDamageIsNamed(t *testing.T) {
	base := filepath.Join(oracle.Corpus(t), "badarchives", "archive-20150417.131733")
	listing, err := text(t, base, &dump.Options{Sections: dump.All})
	require.ErrorContains(t, err, "archive-20150417.131733.0: offset 432512")
	assert.Contains(t, listing, "ending     UNKNOWN")
	assert.Greater(t, len(listing), 100000)
}
