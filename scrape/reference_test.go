package scrape_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

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
	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// relay passes a real exporter's pages on and keeps them.
type relay struct {
	target string
	mu     sync.Mutex
	pages  [][]byte
	kind   string
}

func (r *relay) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	out, err := http.NewRequestWithContext(req.Context(), http.MethodGet, r.target, nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	out.Header.Set("Accept", req.Header.Get("Accept"))
	resp, err := http.DefaultClient.Do(out)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	r.mu.Lock()
	r.pages, r.kind = append(r.pages, body), resp.Header.Get("Content-Type")
	r.mu.Unlock()
	w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
	_, _ = w.Write(body)
}

// nodeExporter starts the real node_exporter behind a relay.
func nodeExporter(t *testing.T) (*relay, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	cmd := oracle.Command(t, "prometheus-node-exporter", "--web.listen-address="+address)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	r := &relay{target: "http://" + address + "/metrics"}
	require.Eventually(t, func() bool {
		resp, err := http.Get(r.target)
		if err != nil {
			return false
		}
		return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	}, 30*time.Second, 50*time.Millisecond)
	return r, serve(t, r)
}

// The main job, judged by the reference: everything the last of ten pages of
// node_exporter says is what pminfo says, and every page is what Prometheus'
// own library reads from the block.
func TestNodeExporter(t *testing.T) {
	t.Parallel()
	node, url := nodeExporter(t)
	s := start(t, scrape.Settings{Interval: time.Second}, scrape.Endpoint{URL: url, Name: "node"})
	s.wait(10)
	r := s.finish()
	require.Empty(t, s.report.Losses())
	require.Len(t, node.pages, int(s.rec.Stats().Scrapes))

	check := oracle.Exec(t, "pmlogcheck", s.base)
	assert.Equal(t, oracle.Result{}, check, "pmlogcheck is silent")
	assert.NotEmpty(t, oracle.Run(t, "pmdumplog", "-z", "-a", s.base))

	last := parsePage(t, node.pages[len(node.pages)-1], node.kind)
	t.Run("pminfo", func(t *testing.T) { comparePminfo(t, s.base, last) })
	t.Run("pmval", func(t *testing.T) { comparePmval(t, s.base, last) })
	t.Run("block", func(t *testing.T) { compareBlock(t, r, node, url) })
	t.Run("page", func(t *testing.T) { comparePage(t, r, last) })
}

func parsePage(t *testing.T, page []byte, kind string) []expo.Entry {
	t.Helper()
	var entries []expo.Entry
	for e, err := range expo.Page(page, kind, nil) {
		require.NoError(t, err)
		entries = append(entries, e)
	}
	require.NotEmpty(t, entries)
	return entries
}

// pminfoMetric is what pminfo says of a metric.
type pminfoMetric struct {
	oneLine, help string
	values        map[string]string // by instance name without its number
	labels        map[string]string
}

var (
	pminfoHead  = regexp.MustCompile(`^(openmetrics\S+)(?: \[(.*)\])?$`)
	pminfoValue = regexp.MustCompile(`^    (?:inst \[\d+ or "\d+ (.*)"\] )?value (.*)$`)
	pminfoLabel = regexp.MustCompile(`^    (?:inst \[\d+ or "\d+ (.*)"\] )?labels (.*)$`)
)

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

// The same endpoint through the real agent and the real logger gives the same
// metrics, apart from the agent's defects listed here.
func TestAgreesWithAgent(t *testing.T) {
	oracle.Path(t, "pmlogger")
	ref := startReference(t)
	node, _ := nodeExporter(t)
	resp, err := http.Get(node.target)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	body = append(body, agentExtras...)
	url := serve(t, &page{body: string(body), kind: "text/plain; version=0.0.4"})

	source := fmt.Sprintf("parity%d", os.Getpid()) // the agent remembers earlier ones
	theirs := ref.record(t, source, url)
	s := start(t, scrape.Settings{Interval: tick}, scrape.Endpoint{URL: url, Name: source})
	s.wait(2)
	ours := s.finish()

	want, got := describeAll(t, theirs, source), describeAll(t, ours, source)
	families := map[string]prom.Family{}
	for _, e := range parsePage(t, body, "text/plain; version=0.0.4") {
		families["openmetrics."+source+"."+naming.LeafName(e.Name)] = e.Family
	}
	deviations := 0
	for name, theirs := range want {
		ours, ok := got[name]
		require.True(t, ok, "%s is missing", name)
		if theirs.sem != ours.sem {
			deviations++
			// A word of the name beats a declared type: features 1.6, "gauge called counter".
			typ := families[name].Type
			words := strings.Split(name[strings.LastIndex(name, ".")+1:], "_")
			assert.True(t, typ == prom.TypeGauge || typ == prom.TypeUnknown, "%s: %s", name, typ)
			assert.True(t, slices.Contains(words, "count") || slices.Contains(words, "sum") || slices.Contains(words, "total"), name)
			theirs.sem = ours.sem
		}
		for inst, v := range theirs.value {
			delete(theirs.value, inst)
			theirs.value[prometheusName(inst)] = v
		}
		assert.Equal(t, theirs, ours, name)
		delete(got, name)
	}
	assert.Empty(t, got, "metrics that the agent does not have")
	assert.Positive(t, deviations, "the page holds one on purpose")
}

// prometheusName turns the agent's name of an instance into ours where the agent
// does not read the page as Prometheus does: to Prometheus a label without a
// value is no label, and le="1" is le="1.0".
func prometheusName(inst string) string {
	var kept []string
	for word := range strings.SplitSeq(inst, " ") {
		name, value, ok := strings.Cut(word, ":")
		if ok && value == "" {
			continue
		}
		if f, err := strconv.ParseFloat(value, 64); err == nil && (name == "le" || name == "quantile") {
			word = name + ":" + labels.FormatOpenMetricsFloat(f)
		}
		kept = append(kept, word)
	}
	return strings.Join(kept, " ")
}

// agentExtras are families that node_exporter's page lacks.
const agentExtras = `# TYPE job:queue:mean gauge
job:queue:mean 5
# TYPE queue_count_value gauge
queue_count_value 5
# TYPE req_seconds histogram
req_seconds_bucket{le="0.1"} 1
req_seconds_bucket{le="+Inf"} 2
req_seconds_sum 0.3
req_seconds_count 2
# TYPE rpc_bytes summary
rpc_bytes{quantile="0.5"} 10
rpc_bytes_sum 30
rpc_bytes_count 3
untyped_total 7
`

// described is what two recordings of one metric must share.
type described struct {
	sem   pcp.Semantics
	units string
	typ   pcp.Type
	value map[string]float64 // by instance name
}

func describeAll(t *testing.T, r *archive.Reader, source string) map[string]described {
	t.Helper()
	out := map[string]described{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			if !strings.HasPrefix(mv.Metric.Name, "openmetrics."+source+".") {
				continue
			}
			d := mv.Metric.Desc
			m := described{sem: d.Sem, units: d.Units.String(), typ: d.Type, value: map[string]float64{}}
			for _, p := range mv.Points {
				v, ok := p.Value.Number(d.Type)
				require.True(t, ok, mv.Metric.Name)
				m.value[p.Series.Inst.Name] = v
			}
			out[mv.Metric.Name] = m
		}
	}
	require.NotEmpty(t, out)
	return out
}

// reference is the real stack on this host.
type reference struct{ dir string }

// startReference starts pmcd and the openmetrics agent unless they run.
func startReference(t *testing.T) reference {
	t.Helper()
	script := oracle.Tool(t, "reference.sh")
	ref := reference{dir: t.TempDir()}
	if oracle.Exec(t, "pminfo", "-h", "127.0.0.1", "openmetrics.control").Exit == 0 {
		return ref
	}
	cmd := oracle.Command(t, "bash", script, "start", ref.dir)
	cmd.Dir = ref.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Cleanup(func() {
		stop := oracle.Command(t, "bash", script, "stop", ref.dir)
		stop.Dir = ref.dir
		_ = stop.Run()
	})
	return ref
}

// record lets the agent fetch a URL and the logger log it.
func (ref reference) record(t *testing.T, name, url string) *archive.Reader {
	t.Helper()
	config := filepath.Join("/var/lib/pcp/pmdas/openmetrics/config.d", name+".url")
	writeFile(t, config, url+"\n")
	require.Eventually(t, func() bool {
		return oracle.Exec(t, "pminfo", "-h", "127.0.0.1", "-f", "openmetrics."+name).Exit == 0
	}, 60*time.Second, 500*time.Millisecond)
	base := filepath.Join(ref.dir, name)
	writeFile(t, base+".conf", "log mandatory on 1 sec { openmetrics."+name+" }\n")
	cmd := oracle.Command(t, "pmlogger", "-h", "127.0.0.1", "-V", "3", "-c", base+".conf", "-T", "3sec", "-l", base+".log", base)
	cmd.Dir = ref.dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	return r
}
