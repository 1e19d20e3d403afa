package edit_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/rewrite/edit"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// rewritten applies a file of rules to an archive and returns the base of the result.
func rewritten(t testing.TB, config, base string) string {
	t.Helper()
	all, err := rules.Load(config)
	require.NoError(t, err)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	plan, err := edit.New(all, r, edit.Options{})
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "rewritten")
	_, err = rewrite.Copy(t.Context(), out, []*archive.Reader{r}, rewrite.Options{Edit: plan})
	require.NoError(t, err)
	return out
}

// listing returns what the reference's dump prints, in the order of a sort.
func listing(t testing.TB, base, parts string) string {
	t.Helper()
	got := oracle.Exec(t, "pmdumplog", "-z", parts, base)
	return oracle.Canon(strings.ReplaceAll(got.Stdout+got.Stderr, base, "ARCHIVE"))
}

// findings returns what the reference's checker says, apart from the index.
func findings(t testing.TB, base string) string {
	t.Helper()
	got := oracle.Exec(t, "pmlogcheck", base)
	var kept []string
	for line := range strings.Lines(strings.ReplaceAll(got.Stdout+got.Stderr, base, "ARCHIVE")) {
		if !strings.Contains(line, ".index[") && !strings.Contains(line, "temporal index") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// TestReference compares rewritten archives with those of the reference: what its dump
// prints of them is the same, and its checker has nothing more to say than of the input.
func TestReference(t *testing.T) {
	corpus := filepath.Join(oracle.Corpus(t), "archives")
	oracle.Path(t, "pmlogrewrite")
	cases, err := txtar.ParseFile("testdata/reference.txtar")
	require.NoError(t, err)
	require.Greater(t, len(cases.Files), 40)
	for _, c := range cases.Files {
		first, _, _ := strings.Cut(string(c.Data), "\n")
		names, differs, _ := strings.Cut(strings.TrimPrefix(first, "# archives:"), "; differs:")
		parts := "-"
		for _, part := range "lidmeh" {
			if !strings.Contains(differs, "-"+string(part)) {
				parts += string(part)
			}
		}
		for name := range strings.FieldsSeq(names) {
			t.Run(c.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				base := filepath.Join(corpus, name)
				dir := t.TempDir()
				config, want := filepath.Join(dir, "rules"), filepath.Join(dir, "reference")
				require.NoError(t, os.WriteFile(config, c.Data, 0o644))
				oracle.Run(t, "pmlogrewrite", "-c", config, base, want)
				got := rewritten(t, config, base)
				if diff := oracle.FirstDifference(listing(t, want, parts), listing(t, got, parts)); diff != "" {
					t.Errorf("pmdumplog %s: %s", parts, diff)
				}
				if found := findings(t, got); found != "" {
					assert.ElementsMatch(t, strings.Split(findings(t, want), "\n"), strings.Split(found, "\n"), "pmlogcheck")
				}
			})
		}
	}
}
