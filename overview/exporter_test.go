package overview

import (
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/scrape"
	"github.com/pcparchive/pcparchive/store"
)

// exporter are series of node_exporter: their values grow from record to record, a second
// apart. Their metrics are those of a host in trouble, each in the way that its rule names.
type exporter map[string]float64

// troubled has a series for each metric that the rules need, and what it grows by.
var troubled = exporter{
	`node_vmstat_oom_kill`: 1, `node_vmstat_pswpin`: 2000, `node_vmstat_pswpout`: 0,
	`node_memory_MemTotal_bytes =`: 100, `node_memory_MemAvailable_bytes =`: 2,
	`node_pressure_memory_waiting_seconds_total`: 0.5, `node_pressure_io_waiting_seconds_total`: 0.9, `node_pressure_cpu_waiting_seconds_total`: 0.95,
	`node_disk_io_time_seconds_total device=sda`: 0.97, `node_disk_io_time_seconds_total device=sdb`: 0.1, `node_disk_io_time_seconds_total device=loop0`: 1,
	`node_disk_read_time_seconds_total device=sda`: 3, `node_disk_write_time_seconds_total device=sda`: 1,
	`node_disk_reads_completed_total device=sda`: 8, `node_disk_writes_completed_total device=sda`: 2,
	`node_disk_io_time_weighted_seconds_total device=sda`: 40, `node_disk_io_time_weighted_seconds_total device=loop0`: 90,
	`node_procs_blocked =`: 20,
	`node_filesystem_size_bytes = mountpoint=/data fstype=xfs`: 200, `node_filesystem_free_bytes = mountpoint=/data fstype=xfs`: 11, `node_filesystem_avail_bytes = mountpoint=/data fstype=xfs`: 1,
	`node_filesystem_size_bytes = mountpoint=/snap fstype=squashfs`: 200, `node_filesystem_free_bytes = mountpoint=/snap fstype=squashfs`: 0, `node_filesystem_avail_bytes = mountpoint=/snap fstype=squashfs`: 0,
	`node_filesystem_files = mountpoint=/data fstype=xfs`: 100, `node_filesystem_files_free = mountpoint=/data fstype=xfs`: 1,
	`node_filesystem_files = mountpoint=/boot fstype=vfat`: 0, `node_filesystem_files_free = mountpoint=/boot fstype=vfat`: 0,
	`node_network_receive_errs_total device=eth0`: 15, `node_network_transmit_errs_total device=eth0`: 15,
	`node_network_receive_drop_total device=eth0`: 300, `node_network_transmit_drop_total device=eth0`: 0,
	`node_network_receive_bytes_total device=eth0`: 95, `node_network_transmit_bytes_total device=eth0`: 91, `node_network_speed_bytes = device=eth0`: 100,
	`node_network_receive_bytes_total device=wlan0`: 500, `node_network_transmit_bytes_total device=wlan0`: 500, `node_network_speed_bytes = device=wlan0`: -125000,
	`node_netstat_Tcp_RetransSegs`: 20, `node_netstat_Tcp_OutSegs`: 100,
	`node_cpu_seconds_total cpu=0 mode=idle`: 0.01, `node_cpu_seconds_total cpu=0 mode=iowait`: 0, `node_cpu_seconds_total cpu=0 mode=steal`: 0.4, `node_cpu_seconds_total cpu=0 mode=user`: 0.59,
	`node_cpu_seconds_total cpu=1 mode=idle`: 0, `node_cpu_seconds_total cpu=1 mode=iowait`: 0.01, `node_cpu_seconds_total cpu=1 mode=steal`: 0.4, `node_cpu_seconds_total cpu=1 mode=user`: 0.59,
	`node_load1 =`: 14,
}

// track evaluates the default rules over two minutes of the series.
func (x exporter) track(t *testing.T) *Track {
	t.Helper()
	e := newEvaluator(Default(), newEngine(), 2*time.Minute)
	for i := range 120 {
		at := begin.UnixMilli() + int64(i)*1000
		require.NoError(t, e.record(t.Context(), at, false))
		for key, v := range x {
			name, rest, _ := strings.Cut(key, " ")
			labels := []prom.Label{{Name: "instance", Value: "db:9100"}, {Name: "job", Value: "node"}}
			constant := false
			for field := range strings.FieldsSeq(rest) {
				label, value, _ := strings.Cut(field, "=")
				if constant = constant || label == ""; label != "" {
					labels = append(labels, prom.Label{Name: label, Value: value})
				}
			}
			if !constant {
				v *= float64(i)
			}
			e.sample(e.seriesOf(name, pcp.SemCounter, labels), at, v)
		}
	}
	track, err := e.finish(t.Context())
	require.NoError(t, err)
	return track
}

// Each rule with an expression over node_exporter's names finds its trouble, names the
// instance, and is silent about what is no trouble: loop devices, images and interfaces
// without a speed.
func TestNamesOfNodeExporter(t *testing.T) {
	track, table := troubled.track(t), Default()
	instances := map[string]string{"disk": "sda", "filesystem": "/data", "network": "eth0"}
	for i, rule := range table.Rules {
		if len(rule.Others) == 0 {
			assert.Equal(t, "runaway", rule.Name, "node_exporter knows no processes")
			continue
		}
		c := &track.columns[i]
		v, ok := c.at(60)
		assert.True(t, ok, rule.Name)
		assert.InDelta(t, 1, rule.Level(v), 1e-9, "%s: %v", rule.Name, v)
		assert.False(t, c.unfit, rule.Name)
		want := ""
		if rule.Others[0].Instance != "" {
			want = instances[rule.Resource]
		}
		assert.Equal(t, want, track.instance(c, 60), rule.Name)
		if rule.Unit == "%" {
			assert.LessOrEqual(t, v, 101.0, rule.Name)
		}
	}
	assert.Equal(t, []prom.Label{{Name: "instance", Value: "db:9100"}, {Name: "job", Value: "node"}}, track.Target)
	missing := table.missing([]*Track{track})
	require.Len(t, missing, 1)
	assert.Equal(t, "runaway", missing[0].Rule.Name)
}

// A host in order has the same rules, and none speaks.
func TestNodeExporterAtRest(t *testing.T) {
	rest := exporter{}
	for key := range troubled {
		rest[key] = 0
	}
	for _, key := range []string{`node_memory_MemTotal_bytes =`, `node_memory_MemAvailable_bytes =`} {
		rest[key] = 100
	}
	for key := range rest {
		if strings.HasPrefix(key, "node_filesystem_") && strings.Contains(key, "/data") {
			rest[key] = 100
		}
		if strings.HasSuffix(key, "mode=idle") {
			rest[key] = 1
		}
	}
	track := rest.track(t)
	for i, rule := range Default().Rules {
		if v, ok := track.columns[i].at(60); ok {
			assert.Less(t, rule.Level(v), 0.1, rule.Name)
		}
	}
}

// A rule that lacks metrics names those of the recorder that the host has.
func TestMissingOfNodeExporter(t *testing.T) {
	some := exporter{`node_load1 =`: 1, `node_memory_MemTotal_bytes =`: 5}
	track, table := some.track(t), Default()
	lacks := map[string][]string{}
	for _, m := range table.missing([]*Track{track}) {
		lacks[m.Rule.Name] = m.Metrics
	}
	assert.Equal(t, []string{"node_memory_MemAvailable_bytes"}, lacks["memory_used"])
	assert.Equal(t, []string{"node_cpu_seconds_total"}, lacks["cpu_load"])
}

// onPage reports whether a page of text has a metric.
func onPage(page, name string) bool {
	return regexp.MustCompile(`(?m)^` + name + `[ {]`).MatchString(page)
}

// TestStagedOnNodeExporter records the real node_exporter while processes burn all CPUs, and
// wants the overview to say so. All metrics of the rules must be on the exporter's page.
func TestStagedOnNodeExporter(t *testing.T) {
	url := oracle.NodeExporter(t)
	dir := t.TempDir()
	rec, err := record.New(t.Context(), record.Options{Dir: dir, Loader: record.URLs{
		Endpoints: []scrape.Endpoint{{URL: url, Name: "node"}}, Settings: scrape.Settings{Interval: 500 * time.Millisecond},
	}})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- rec.Run(ctx) }()
	time.Sleep(2 * time.Second)
	from := time.Now()
	for range 2 * runtime.NumCPU() {
		oracle.Stage(t, "stagedburner", "sh", "-c", "while :; do :; done")
	}
	time.Sleep(4 * time.Second)
	to := time.Now()
	stop()
	require.NoError(t, <-done)
	require.NoError(t, rec.Close())

	hosts, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	r, err := New(Options{}).Of(t.Context(), hosts.Sets(), Request{})
	require.NoError(t, err)
	require.Len(t, r.Hosts, 1)
	assertPage(t, url, r.Hosts[0])
	for _, in := range r.Hosts[0].Worst {
		t.Log(in.Words)
		if in.Rule.Name == "cpu_busy" && time.UnixMilli(in.From).Before(to) && time.UnixMilli(in.To).After(from) {
			assert.Regexp(t, `CPUs (saturated|busy) \(\d+ % busy.*, load [\d.]+`, in.Words)
			assert.Contains(t, in.Query, `node_cpu_seconds_total{instance="`+strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/metrics")+`",job="node",`)
			return
		}
	}
	require.Fail(t, "the CPUs' load is no incident")
}

// assertPage wants the metrics that the rules miss to be absent from the exporter's page: a
// system may not have them, such as the speed of an interface.
func assertPage(t *testing.T, url string, h *Host) {
	t.Helper()
	resp, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	for _, m := range h.Missing {
		for _, name := range m.Metrics {
			assert.False(t, onPage(string(page), name), "%s: %s is on the page", m.Rule.Name, name)
		}
	}
	for _, name := range []string{"node_cpu_seconds_total", "node_memory_MemAvailable_bytes", "node_load1"} {
		assert.True(t, onPage(string(page), name), name)
	}
	if _, err := os.Stat("/proc/pressure"); err == nil {
		assert.True(t, onPage(string(page), "node_pressure_cpu_waiting_seconds_total"))
	}
}
