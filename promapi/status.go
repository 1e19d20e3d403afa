package promapi

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"go.yaml.in/yaml/v2"
)

// PrometheusVersion is the version of Prometheus whose API and PromQL the server
// provides. Clients derive from it which requests they may send.
const PrometheusVersion = "3.15.0"

// buildInfo answers /status/buildinfo. The reply has no field features, by which Grafana
// would take the server for Mimir.
func buildInfo(r *request) (*reply, error) {
	return jsonReply(map[string]string{
		"version": PrometheusVersion, "revision": r.api.opts.Version, "branch": "pcparchive",
		"buildUser": "", "buildDate": "", "goVersion": runtime.Version(),
	}), nil
}

// configuration answers /status/config, from which Thanos takes the external labels.
func configuration(r *request) (*reply, error) {
	global := map[string]any{}
	if len(r.api.opts.ExternalLabels) > 0 {
		global["external_labels"] = r.api.opts.ExternalLabels
	}
	text, err := yaml.Marshal(map[string]any{"global": global})
	if err != nil {
		return nil, err
	}
	return jsonReply(map[string]string{"yaml": string(text)}), nil
}

// flags answers /status/flags. Thanos reads durations of blocks there.
func flags(r *request) (*reply, error) {
	all := map[string]string{
		"web.enable-admin-api": "false", "web.enable-lifecycle": "false", "web.enable-remote-write-receiver": "false",
		"storage.tsdb.min-block-duration": "2h", "storage.tsdb.max-block-duration": "2h",
		"storage.tsdb.retention.time": "0s", "storage.tsdb.path": "",
	}
	maps.Copy(all, r.api.opts.Flags)
	return jsonReply(all), nil
}

// runtimeInfo answers /status/runtimeinfo.
func runtimeInfo(r *request) (*reply, error) {
	dir, _ := os.Getwd()     // "" if nobody knows it
	host, _ := os.Hostname() // likewise
	return jsonReply(map[string]any{
		"startTime": r.api.started.UTC(), "CWD": dir, "hostname": host, "serverTime": r.api.opts.Now().UTC(),
		"reloadConfigSuccess": true, "lastConfigTime": r.api.started.UTC(), "corruptionCount": 0,
		"goroutineCount": runtime.NumGoroutine(), "GOMAXPROCS": runtime.GOMAXPROCS(0),
		"GOMEMLIMIT": debug.SetMemoryLimit(-1), "GOGC": os.Getenv("GOGC"), "GODEBUG": os.Getenv("GODEBUG"), "storageRetention": "",
	}), nil
}

// statistic is a name with a number.
type statistic struct {
	Name  string `json:"name"`
	Value uint64 `json:"value"`
}

// tsdbStatus is the reply of /status/tsdb.
type tsdbStatus struct {
	Head struct {
		NumSeries     uint64 `json:"numSeries"`
		NumLabelPairs int    `json:"numLabelPairs"`
		ChunkCount    int64  `json:"chunkCount"`
		MinTime       int64  `json:"minTime"`
		MaxTime       int64  `json:"maxTime"`
	} `json:"headStats"`
	ByMetric    []statistic `json:"seriesCountByMetricName"`
	ByLabel     []statistic `json:"labelValueCountByLabelName"`
	Memory      []statistic `json:"memoryInBytesByLabelName"`
	ByLabelPair []statistic `json:"seriesCountByLabelValuePair"`
}

// mostStatistics is the largest value of limit.
const mostStatistics = 10_000

// tsdb answers /status/tsdb: it counts the series of all archives.
func tsdb(r *request) (*reply, error) {
	limit := 10
	if text := r.get("limit"); text != "" {
		var err error
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			return nil, bad(fmt.Errorf("limit must be a positive number"))
		}
		if limit > mostStatistics {
			return nil, bad(fmt.Errorf("limit must not exceed %d", mostStatistics))
		}
	}
	q, err := r.view.Engine.Storage().Querier(earliest, latest)
	if err != nil {
		return nil, err
	}
	defer func() { _ = q.Close() }() // it only reads
	all := labels.MustNewMatcher(labels.MatchNotEqual, model.MetricNameLabel, "")
	set := q.Select(r.ctx, false, &storage.SelectHints{Start: earliest, End: latest, Func: "series"}, all)
	c := newCardinality()
	for set.Next() {
		c.add(set.At().Labels())
	}
	if err := set.Err(); err != nil {
		return nil, err
	}
	rep := jsonReply(c.status(limit, r.view.Start, r.view.End))
	rep.warnings.Merge(set.Warnings())
	return rep, nil
}

// cardinality counts series and labels.
type cardinality struct {
	series  uint64
	metrics map[string]uint64
	pairs   map[labels.Label]uint64
}

func newCardinality() *cardinality {
	return &cardinality{metrics: map[string]uint64{}, pairs: map[labels.Label]uint64{}}
}

// add counts a series.
func (c *cardinality) add(ls labels.Labels) {
	c.series++
	ls.Range(func(l labels.Label) {
		c.pairs[labels.Label{Name: strings.Clone(l.Name), Value: strings.Clone(l.Value)}]++
		if l.Name == model.MetricNameLabel {
			c.metrics[strings.Clone(l.Value)]++
		}
	})
}

// status returns the counts with the largest of each kind.
func (c *cardinality) status(limit int, start, end time.Time) *tsdbStatus {
	values, memory, pairs := map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	for l, n := range c.pairs {
		values[l.Name]++
		memory[l.Name] += uint64(len(l.Value))
		pairs[l.Name+"="+l.Value] = n
	}
	s := &tsdbStatus{
		ByMetric: largest(c.metrics, limit), ByLabel: largest(values, limit), Memory: largest(memory, limit), ByLabelPair: largest(pairs, limit),
	}
	s.Head.NumSeries, s.Head.NumLabelPairs = c.series, len(c.pairs)
	if !end.IsZero() {
		s.Head.MinTime, s.Head.MaxTime = start.UnixMilli(), end.UnixMilli()
	}
	return s
}

// largest returns the largest counts.
func largest(counts map[string]uint64, limit int) []statistic {
	all := make([]statistic, 0, len(counts))
	for name, n := range counts {
		all = append(all, statistic{name, n})
	}
	slices.SortFunc(all, func(a, b statistic) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), strings.Compare(a.Name, b.Name))
	})
	return all[:min(limit, len(all))]
}
