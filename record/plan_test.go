package record_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/record"
)

// Check foretells the names of archives and metrics, also where several targets of a host
// and several jobs want one name: the order of the configuration decides, not that of the
// first scrapes.
func TestPlanForetellsNames(t *testing.T) {
	pages := make([]string, 4)
	for i := range pages {
		pages[i] = serve(t, "x 1\n").address()
	}
	_, port, _ := strings.Cut(pages[0], ":")
	s := configure(t, global+"scrape_configs:\n"+job("a b", pages...)+job("a_b", pages[0], "127.0.0.2:"+port, "127.0.0.3:"+port)+job("control", pages[1]))
	loader := record.PrometheusFile{Name: s.config}
	plan, err := record.Check(t.Context(), record.Options{Dir: s.dir, Loader: loader})
	require.NoError(t, err)
	date := regexp.MustCompile(`\.\d{8}\.\d\d\.\d\d.*`)
	var want []string
	for _, j := range plan.Jobs {
		for _, target := range j.Targets {
			want = append(want, date.ReplaceAllString(target.Archive, "")+" "+target.Metrics)
		}
	}
	require.Len(t, want, 8)
	s.start(nil)
	s.wait(40)
	s.stop()
	var got []string
	found, err := filepath.Glob(filepath.Join(s.dir, "*", "*.meta"))
	require.NoError(t, err)
	for _, meta := range found {
		base := strings.TrimSuffix(meta, ".meta")
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		prefix := ""
		for d := range r.Meta().Metrics() {
			if name, ok := strings.CutSuffix(d.Name(), ".x"); ok {
				prefix = name + "."
			}
		}
		if prefix != "" { // 127.0.0.2 and 127.0.0.3 do not answer
			got = append(got, date.ReplaceAllString(base, "")+" "+prefix)
		}
	}
	got = slices.Compact(got)
	assert.Len(t, got, 6)
	for _, one := range got {
		assert.Contains(t, want, one)
	}
	slices.Sort(want)
	assert.Len(t, slices.Compact(want), 8, "no two targets share an archive")
}
