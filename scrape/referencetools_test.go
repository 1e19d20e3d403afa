package scrape_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promtsdb "github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/sinktest"
)

// pminfoMetric is what pminfo says of a metric.
type pminfoMetric struct {
	oneLine, help string
	values        map[string]string // by instance name without its number
	labels        map[string]string
}

func readPminfo(t *testing.T, base string) map[string]*pminfoMetric {
	t.Helper()
	out := map[string]*pminfoMetric{}
	var m *pminfoMetric
	inHelp := false
	for line := range strings.SplitSeq(oracle.Run(t, "pminfo", "-a", base, "-l", "-t", "-T", "-d", "-f", "-O", "-0", "openmetrics"), "\n") {
		if head := pminfoHead.FindStringSubmatch(line); head != nil {
			m = &pminfoMetric{oneLine: head[2], values: map[string]string{}, labels: map[string]string{}}
			out[head[1]], inHelp = m, false
			continue
		}
		if m == nil {
			continue
		}
		if line == "Help:" {
			inHelp = true
			continue
		}
		if v := pminfoValue.FindStringSubmatch(line); v != nil {
			m.values[v[1]], inHelp = v[2], false
		} else if l := pminfoLabel.FindStringSubmatch(line); l != nil {
			m.labels[l[1]] = l[2]
		} else if inHelp {
			m.help += line + "\n"
		}
	}
	return out
}

func comparePminfo(t *testing.T, base string, page []expo.Entry) {
	metrics := readPminfo(t, base)
	for _, e := range page {
		name := "openmetrics.node." + e.Name
		m, ok := metrics[name]
		require.True(t, ok, "%s is missing", name)
		var inst []string
		for _, l := range e.Labels {
			inst = append(inst, l.Name+":"+l.Value)
		}
		key := strings.Join(inst, " ")
		shown, err := strconv.ParseFloat(m.values[key], 64)
		require.NoError(t, err, "%s[%s]", name, key)
		assert.Equal(t, sixteen(e.Value), sixteen(shown), "%s[%s]", name, key)
		for _, l := range e.Labels {
			assert.Contains(t, m.labels[key], fmt.Sprintf("%q:%q", l.Name, l.Value), name)
		}
		assert.Equal(t, e.Family.Help, m.oneLine, name)
		assert.Equal(t, e.Family.Help, strings.TrimRight(m.help, "\n"), name)
	}
}

// sixteen formats a value with the digits that pminfo prints.
func sixteen(v float64) string { return strconv.FormatFloat(v, 'g', 16, 64) }

// comparePmval asks pmval for every metric without instances, whose output is
// one column.
func comparePmval(t *testing.T, base string, page []expo.Entry) {
	asked := 0
	for _, e := range page {
		if len(e.Labels) > 0 {
			continue
		}
		asked++
		out := strings.Fields(oracle.Run(t, "pmval", "-a", base, "-r", "-O", "-0", "-s", "1", "-w", "40", "-f", "9", "openmetrics.node."+e.Name))
		shown, err := strconv.ParseFloat(out[len(out)-1], 64)
		require.NoError(t, err, e.Name)
		assert.InEpsilon(t, e.Value+1, shown+1, 1e-5, e.Name) // pmval shows six or more digits
	}
	assert.Greater(t, asked, 50)
}

// compareBlock reads the exported block with Prometheus' own library and wants
// every sample of every page, and no other.
func compareBlock(t *testing.T, r *archive.Reader, node *relay, url string) {
	dir := t.TempDir()
	blocks, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	sink := flatten.New(blocks, flatten.Options{TargetLabels: true})
	require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(r, history.Query{})))
	require.NoError(t, sinktest.Finish(blocks))
	assert.Contains(t, oracle.Run(t, "promtool", "tsdb", "list", dir), blocks.Written()[0].ULID.String())
	assert.Contains(t, oracle.Run(t, "promtool", "tsdb", "analyze", dir), "Series:")

	times := scrapeTimes(t, r)
	require.Len(t, times, len(node.pages))
	instance := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")
	want := map[string][]timedValue{}
	alive := map[string]bool{}
	for i, page := range node.pages {
		now := map[string]bool{}
		for _, e := range parsePage(t, page, node.kind) {
			b := labels.NewBuilder(labels.FromStrings(model.MetricNameLabel, e.Name, "job", "node", "instance", instance))
			for _, l := range e.Labels {
				b.Set(l.Name, l.Value)
			}
			key := b.Labels().String()
			want[key], now[key] = append(want[key], timedValue{times[i], e.Value}), true
		}
		for key := range alive {
			if !now[key] {
				want[key] = append(want[key], timedValue{times[i], prom.StaleNaN})
			}
		}
		alive = now
	}
	got := map[string][]timedValue{}
	for _, b := range blocks.Written() {
		readBlock(t, b.Dir, got)
	}
	for key, list := range got {
		if isHealth(key) {
			continue
		}
		require.Equal(t, len(want[key]), len(list), key)
		for i := range list {
			require.Equal(t, want[key][i].t, list[i].t, key)
			require.Equal(t, sixteen(want[key][i].v), sixteen(list[i].v), key)
		}
		delete(want, key)
	}
	assert.Empty(t, want, "series that the block lacks")
}

// isHealth reports whether a series tells how scrapes went, in Prometheus'
// words or in the reference agent's.
func isHealth(key string) bool {
	for _, name := range []string{
		"up", "scrape_duration_seconds", "scrape_samples_scraped",
		"scrape_samples_post_metric_relabeling", "scrape_series_added",
	} {
		if strings.Contains(key, `__name__="`+name+`"`) {
			return true
		}
	}
	return strings.Contains(key, `__name__="openmetrics_control_`)
}

// scrapeTimes returns the time of every record in ms.
func scrapeTimes(t *testing.T, r *archive.Reader) []int64 {
	t.Helper()
	var times []int64
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		times = append(times, step.Stamp.Milli())
	}
	return times
}

// readBlock adds all samples of a block.
func readBlock(t *testing.T, dir string, into map[string][]timedValue) {
	t.Helper()
	b, err := promtsdb.OpenBlock(nil, dir, nil, nil)
	require.NoError(t, err)
	defer b.Close()
	q, err := promtsdb.NewBlockQuerier(b, b.MinTime(), b.MaxTime())
	require.NoError(t, err)
	defer q.Close()
	set := q.Select(context.Background(), true, nil, labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+"))
	for set.Next() {
		key := set.At().Labels().String()
		it := set.At().Iterator(nil)
		for it.Next() == chunkenc.ValFloat {
			ts, v := it.At()
			into[key] = append(into[key], timedValue{ts, v})
		}
		require.NoError(t, it.Err())
	}
	require.NoError(t, set.Err())
}

// comparePage exports the last page again.
func comparePage(t *testing.T, r *archive.Reader, last []expo.Entry) {
	end, err := r.End()
	require.NoError(t, err)
	for _, format := range []expo.Format{expo.Text, expo.OpenMetrics} {
		snapshot := expo.NewSnapshot(expo.SnapshotOptions{At: end.Time()})
		sink := flatten.New(snapshot, flatten.Options{NoHealth: true})
		require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(r, history.Query{})))
		var page strings.Builder
		require.NoError(t, expo.Write(&page, snapshot.Families(), expo.Options{Format: format}))
		if format == expo.Text {
			assert.Equal(t, flat(last), flat(parsePage(t, []byte(page.String()), format.ContentType())))
		} else {
			parsePage(t, []byte(page.String()), format.ContentType())
		}
	}
}

// flat makes pages comparable whatever the order of their lines.
func flat(entries []expo.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, fmt.Sprintf("%s %v %s | %s %s %s", e.Name, e.Labels, sixteen(e.Value), e.Family.Name, e.Family.Type, e.Family.Help))
	}
	slices.Sort(out)
	return out
}
