package rewrite_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

var (
	fraction = regexp.MustCompile(`(\d\d:\d\d:\d\d\.\d{6})\d{3}\b`)
	onlyV3   = regexp.MustCompile(`(?m)^Archive (zoneinfo|features):.*\n`)
	format   = regexp.MustCompile(`Log Format Version \d`)
	bytesLen = regexp.MustCompile(`\[\d+ bytes\]`)
)

// listing is what the reference sees in an archive, as far as both versions can
// hold it.
func listing(t testing.TB, base string, options ...string) string {
	t.Helper()
	text := oracle.Exec(t, "pmdumplog", append(append([]string{"-z"}, options...), base)...)
	s := strings.ReplaceAll(text.Stdout, base, "ARCHIVE")
	s = onlyV3.ReplaceAllString(format.ReplaceAllString(s, ""), "")
	s = bytesLen.ReplaceAllString(fraction.ReplaceAllString(s, "$1"), "")
	if len(options) > 1 || options[0] != "-m" { // the rest is in the order of hash tables
		s = oracle.Canon(s)
	}
	return s + strings.ReplaceAll(text.Stderr, base, "ARCHIVE")
}

// findings is what the reference's checker says of an archive, apart from its
// index, which a copy may have better.
func findings(t testing.TB, base string) string {
	t.Helper()
	got := oracle.Exec(t, "pmlogcheck", base)
	var kept []string
	for line := range strings.Lines(strings.ReplaceAll(got.Stdout+got.Stderr, filepath.Dir(base), "DIR")) {
		if !strings.Contains(line, ".index[") && !strings.Contains(line, "temporal index") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

// same checks that the reference sees the same in two archives.
func same(t *testing.T, original, copied string) {
	t.Helper()
	options := []string{"-l", "-d", "-e", "-h", "-i", "-m"}
	if diff := oracle.FirstDifference(listing(t, original, options...), listing(t, copied, options...)); diff != "" {
		t.Errorf("pmdumplog: %s", diff)
	}
	if diff := oracle.FirstDifference(findings(t, original), findings(t, copied)); diff != "" {
		t.Errorf("pmlogcheck: %s", diff)
	}
}

// TestCorpusConverted: the reference sees the same in a copy of the other version
// as in the original. That a copy of the same version has the same bytes is
// TestCorpusByteForByte.
func TestCorpusConverted(t *testing.T) {
	n := 0
	forCorpus(t, func(t *testing.T, base string) {
		n++
		t.Parallel()
		v := pcp.V2
		if open(t, base)[0].Header().Version == v {
			v = pcp.V3
		}
		out, report := copyOf(t, rewrite.Options{Version: v, Lossy: true}, base)
		assert.False(t, report.IndexKept)
		same(t, base, out)
	})
	t.Logf("%d archives", n)
}
