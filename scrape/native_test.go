package scrape_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/nativemap"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

// startNatives records, or goes on recording, with the map of node_exporter.
func startNatives(t *testing.T, base string, endpoints ...scrape.Endpoint) *session {
	t.Helper()
	natives, err := nativemap.New("node_exporter")
	require.NoError(t, err)
	a, err := archive.Continue(base, nil)
	if err != nil {
		a, err = archive.Create(base, archive.Header{Host: "tester", Zone: "UTC", PID: 1}, nil)
	}
	require.NoError(t, err)
	return recordNatives(t, a, base, "tester", natives, scrape.Settings{Interval: tick}, endpoints...)
}

// last returns the last values of a metric of an archive, by instance.
func last(t *testing.T, r *archive.Reader, metric string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			if mv.Metric == nil || mv.Metric.Name != metric {
				continue
			}
			clear(got)
			for _, p := range mv.Points {
				v, _ := p.Value.Number(mv.Metric.Desc.Type)
				got[fmt.Sprint(p.Series.Inst.ID, " ", p.Series.Inst.Name)] = fmt.Sprint(v)
			}
		}
	}
	return got
}

// TestNativesLive records metrics of PCP among others: they come and go with
// their series and with the endpoint, and a recorder that is started again goes on
// with their numbers.
func TestNativesLive(t *testing.T) {
	t.Parallel()
	const disks = "node_disk_read_bytes_total{device=%q} %d\n"
	p := &page{body: "other 1\nnode_load1 0.5\n" + fmt.Sprintf(disks, "sda", 10240) + fmt.Sprintf(disks, "sdb", 20480)}
	url := serve(t, p)
	base := filepath.Join(t.TempDir(), "rec")
	s := startNatives(t, base, scrape.Endpoint{URL: url, Name: "web"})
	s.waitMore(2)
	assert.Equal(t, 4, s.rec.Stats().Series)
	r := s.finish()
	assert.Equal(t, map[string]string{"0 sda": "10", "1 sdb": "20"}, last(t, r, "disk.dev.read_bytes"))
	assert.Equal(t, map[string]string{"-1 ": "30"}, last(t, r, "disk.all.read_bytes"))
	assert.Equal(t, map[string]string{"1 1 minute": "0.5"}, last(t, r, "kernel.all.load"))
	assert.Equal(t, map[string]string{"-1 ": "1"}, last(t, r, "openmetrics.web.other"))

	// Other disks come first now, and one is gone.
	p.set("other 2\n" + fmt.Sprintf(disks, "nvme0n1", 5120) + fmt.Sprintf(disks, "sdb", 30720))
	s = startNatives(t, base, scrape.Endpoint{URL: url, Name: "web"})
	s.waitMore(2)
	p.set("other 3\n" + fmt.Sprintf(disks, "sda", 40960))
	s.waitMore(2)
	r = s.finish()
	assert.Equal(t, map[string]string{"0 sda": "40"}, last(t, r, "disk.dev.read_bytes"))
	ids := map[string]pcp.InstID{}
	for in := range r.Meta().InDomVersions(pcp.NewInDomID(60, 1)) {
		for _, inst := range in.Instances {
			if id, ok := ids[inst.Name]; ok {
				assert.Equal(t, id, inst.ID, inst.Name)
			}
			ids[inst.Name] = inst.ID
		}
	}
	assert.Equal(t, map[string]pcp.InstID{"sda": 0, "sdb": 1, "nvme0n1": 2}, ids)
	assert.Empty(t, s.report.Losses())
	assert.Empty(t, oracle.Run(t, "pmlogcheck", base))
}

// TestNativesFail: an endpoint that does not answer has no values.
func TestNativesFail(t *testing.T) {
	t.Parallel()
	p := &page{body: "node_load1 0.5\nnode_disk_read_bytes_total{device=\"sda\"} 1024\n"}
	base := filepath.Join(t.TempDir(), "rec")
	s := startNatives(t, base, scrape.Endpoint{URL: serve(t, p), Name: "web"})
	s.waitMore(2)
	p.mu.Lock()
	p.status = http.StatusInternalServerError
	p.mu.Unlock()
	require.Eventually(t, func() bool { return s.rec.Stats().Failed > 1 }, time.Minute, time.Millisecond)
	assert.Zero(t, s.rec.Stats().Series)
	r := s.finish()
	assert.Empty(t, last(t, r, "kernel.all.load"))
	assert.Empty(t, last(t, r, "disk.dev.read_bytes"))
	assert.Equal(t, map[string]string{"1 web": "0"}, last(t, r, "openmetrics.control.up"))
}

// TestNativesOfNodeExporter records the reference's node_exporter; the reference's
// tools find no fault and show the metrics.
func TestNativesOfNodeExporter(t *testing.T) {
	t.Parallel()
	url := oracle.NodeExporter(t)
	base := filepath.Join(t.TempDir(), "rec")
	for range 2 {
		s := startNatives(t, base, scrape.Endpoint{URL: url, Name: "node"})
		s.waitMore(3)
		s.finish()
		assert.Empty(t, s.report.Losses())
	}
	assert.Empty(t, oracle.Run(t, "pmlogcheck", base))
	out := oracle.Run(t, "pminfo", "-a", base, "-O", "-0", "-f", "kernel.all.load", "mem.physmem", "hinv.ncpu", "kernel.percpu.cpu.idle")
	assert.Contains(t, out, `or "1 minute"] value `)
	assert.Contains(t, out, `or "cpu0"] value `)
	assert.NotContains(t, out, "No value")
	out = oracle.Run(t, "pmrep", "-a", base, "-t", "20ms", "kernel.all.load", "mem.util.free")
	assert.NotContains(t, out, "Invalid")
	assert.Greater(t, strings.Count(out, "\n"), 2)
}
