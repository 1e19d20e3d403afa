package archive_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

var (
	dumpRecord = regexp.MustCompile(`(?m)^(\d\d:\d\d:\d\d\.\d+) \d+ metrics?$`)
	dumpValue  = regexp.MustCompile(`(?m)^    (\d+\.\d+\.\d+) \(openmetrics\.node\.node_load1\): value (\S+)$`)
)

// TestRecordedByReference reads archives of the real logger and compares them with stored
// listings of the real pmdumplog, so that it needs neither program.
func TestRecordedByReference(t *testing.T) {
	for _, v := range []pcp.Version{pcp.V2, pcp.V3} {
		t.Run(v.String(), func(t *testing.T) {
			base := filepath.Join("..", "testdata", "archives", fmt.Sprintf("host_%s", v))
			r, err := archive.Open(base, nil)
			require.NoError(t, err)
			assert.Equal(t, v, r.Header().Version)
			dump, err := os.ReadFile(base + ".dump")
			require.NoError(t, err)
			var times, load []string
			for step, err := range r.Steps(history.Query{}) {
				require.NoError(t, err)
				if len(step.Metrics) == 0 {
					continue
				}
				layout := "15:04:05.000000"
				if v == pcp.V3 {
					layout += "000"
				}
				times = append(times, step.Stamp.Time().Format(layout))
				for _, mv := range step.Metrics {
					if mv.Metric.Name == "openmetrics.node.node_load1" {
						f, ok := mv.Points[0].Value.Number(mv.Metric.Desc.Type)
						require.True(t, ok)
						load = append(load, fmt.Sprintf("%.16g", f))
					}
				}
			}
			assert.Equal(t, firsts(dumpRecord, string(dump), 1), times)
			assert.Equal(t, firsts(dumpValue, string(dump), 2), load)
			assert.NotEmpty(t, load)
			labels, err := os.ReadFile(base + ".labels.dump")
			require.NoError(t, err)
			for l := range r.Meta().AllLabels() {
				for _, set := range l.Sets {
					assert.Contains(t, string(labels), set.Set.JSON(), "level %s", l.Level)
				}
			}
			assert.Positive(t, strings.Count(string(labels), "Cluster"))
		})
	}
}

// firsts returns group n of every match.
func firsts(re *regexp.Regexp, text string, n int) []string {
	var out []string
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		out = append(out, m[n])
	}
	return out
}
