package compare

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/exporterfleet"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

const recordHead = `| what | ours | reference | its figure | ratio | limit | |
|---|--:|---|--:|--:|---|---|
`

// The recordings that are measured, and how long each runs before that.
const (
	recordSeries = 200
	warmUp       = 12 * time.Second
	measured     = 60 * time.Second
)

// recordTable measures recorders beside one another, at the same time and with exporters of
// their own, so that the load of the machine is the same for both.
func recordTable(b *bench) string {
	var lines []string
	for _, part := range []struct {
		name  string
		lines func(*bench) []string
	}{{"agent", agentLines}, {"prometheus", prometheusLines}, {"sizes", sizeLines}} {
		if strings.Contains(part.name, *only) {
			lines = append(lines, part.lines(b)...)
		}
	}
	return fmt.Sprintf("Machine: %s/%s, %d processors, %s; both at the same time for %s, on %s%s.\n\n%s%s\n",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), measured, time.Now().Format("2 January 2006"), load(), recordHead, strings.Join(lines, "\n"))
}

// recordLine is a line of the table. A limit of zero is none.
func recordLine(what, form string, ours float64, name string, theirs, limit float64) string {
	kept, verdict, ratio := "", "", ours/theirs
	if limit > 0 {
		kept, verdict = fmt.Sprintf("≤ %.3g", limit), "kept"
		if ratio > limit {
			verdict = "missed"
		}
	}
	return fmt.Sprintf("| %s | "+form+" | %s | "+form+" | **%.3f** | %s | %s |", what, ours, name, theirs, ratio, kept, verdict)
}

// agentLines measure a folder config.d beside PCP's agent, daemon and logger.
func agentLines(b *bench) []string {
	const targets = 20
	folder := func(f *exporterfleet.Fleet) string {
		dir := b.t.TempDir()
		for i := range targets {
			require.NoError(b.t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("t%d.url", i)), []byte(f.PathURL(i)+"\n"), 0o644))
		}
		return dir
	}
	oursFleet, theirs, floor := b.fleet(targets), b.fleet(targets), b.fleet(targets)
	agent := oracle.StartAgent(b.t, folder(theirs))
	agent.WaitFor(b.t, "openmetrics.t0."+exporterfleet.MetricPrefix+"0")
	logger, _ := agent.Logger(b.t)
	require.NoError(b.t, logger.Start())
	ours := b.record("--config", folder(oursFleet), "--interval", "1s")
	fetching := b.fetcher(floor, targets)
	time.Sleep(warmUp)
	m := []*meter{
		newMeter(oursFleet, ours.Process.Pid),
		newMeter(theirs, append(oracle.Children(agent.PID()), agent.PID(), logger.Process.Pid)...),
		newMeter(floor, fetching.Process.Pid),
	}
	time.Sleep(measured)
	for _, one := range m {
		one.stop()
	}
	b.end(ours, logger, fetching)
	b.t.Logf("ours: %d pages, %s; theirs: %d pages, %s; fetching alone: %d pages, %s", m[0].pages, m[0].cpu, m[1].pages, m[1].cpu, m[2].pages, m[2].cpu)
	return []string{
		recordLine(fmt.Sprintf("CPU of a scrape of %d series, %d targets every second", recordSeries, targets), "%.2f ms",
			m[0].perPage(), "agent, daemon, logger", m[1].perPage(), 0.02),
		recordLine("CPU of nothing but fetching these pages: net/http, the page is thrown away", "%.2f ms",
			m[2].perPage(), "agent, daemon, logger", m[1].perPage(), 0),
	}
}

// prometheusLines measure a prometheus.yml beside Prometheus as an agent.
func prometheusLines(b *bench) []string {
	const targets = 1000
	oursFleet, theirs := b.fleet(targets), b.fleet(targets)
	begin := time.Now()
	ours := b.record("--config", b.prometheusYML(oursFleet.Config("node", 0, targets), "10s"))
	prometheus := b.prometheusAgent(b.prometheusYML(theirs.Config("node", 0, targets), "10s"), b.t.TempDir())
	whole := []*meter{newMeter(oursFleet, ours.Process.Pid), newMeter(theirs, prometheus.Process.Pid)}
	time.Sleep(warmUp)
	steady := []*meter{newMeter(oursFleet, ours.Process.Pid), newMeter(theirs, prometheus.Process.Pid)}
	time.Sleep(measured)
	for _, one := range slices.Concat(whole, steady) {
		one.stop()
	}
	b.t.Logf("ours: %d pages, %s; theirs: %d pages, %s", steady[0].pages, steady[0].cpu, steady[1].pages, steady[1].cpu)
	memory := []float64{float64(oracle.Memory(ours.Process.Pid)), float64(oracle.Memory(prometheus.Process.Pid))}
	b.end(ours, prometheus)
	name := fmt.Sprintf("%d targets, %d series every 10 s", targets, recordSeries)
	million := func(m *meter) float64 { return m.perPage() / recordSeries * 1000 }
	return []string{
		recordLine("CPU of a million samples, "+name, "%.2f s", million(steady[0]), "Prometheus agent", million(steady[1]), 1),
		recordLine(fmt.Sprintf("the same with the start, %.0f s", time.Since(begin).Seconds()), "%.2f s", million(whole[0]), "Prometheus agent", million(whole[1]), 1),
		recordLine("memory of a series, there", "%.0f B", memory[0]/targets/recordSeries, "Prometheus agent", memory[1]/targets/recordSeries, 0),
	}
}

// sizeLines compare the bytes that a recording of node_exporter takes.
func sizeLines(b *bench) []string {
	address := b.nodeExporter()
	config := b.prometheusYML("- {job_name: node, static_configs: [{targets: ['"+address+"']}]}\n", "1s")
	plain, packed := b.t.TempDir(), b.t.TempDir()
	ours := b.record("--config", config)
	dir := b.recordings[len(b.recordings)-1]
	one, two := b.prometheusAgent(config, plain, "--no-storage.agent.wal-compression"), b.prometheusAgent(config, packed, "--storage.agent.wal-compression")
	time.Sleep(warmUp + measured)
	b.end(ours, one, two)
	samples, meta, data, gz, zst := b.contents(dir)
	wal, snappy := float64(b.sizeOf(filepath.Join(plain, "wal")))/samples, float64(b.sizeOf(filepath.Join(packed, "wal")))/samples
	return []string{
		recordLine("bytes of a sample of node_exporter every second: data", "%.1f B", data/samples, "its WAL", wal, 0),
		recordLine("the same with metadata and index", "%.1f B", (data+meta)/samples, "its WAL", wal, 0),
		recordLine("the same, closed volumes as gzip (the default)", "%.2f B", (gz+meta)/samples, "its WAL, snappy", snappy, 0),
		recordLine("the same, closed volumes as zstd", "%.2f B", (zst+meta)/samples, "its WAL, snappy", snappy, 0),
	}
}

// contents returns the number of samples and the bytes in a folder of a recording: of
// metadata and index, and of data in three forms.
func (b *bench) contents(dir string) (samples, meta, data, gz, zst float64) {
	require.NoError(b.t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		raw, err := os.ReadFile(path)
		require.NoError(b.t, err)
		switch filepath.Ext(path) {
		case ".meta", ".index":
			meta += float64(len(raw))
		case ".0":
			data += float64(len(raw))
			gz += float64(gzipped(b, raw))
			encoder, err := zstd.NewWriter(nil)
			require.NoError(b.t, err)
			zst += float64(len(encoder.EncodeAll(raw, nil)))
		}
		return nil
	}))
	out, err := exec.CommandContext(b.t.Context(), b.ours, "info", "--count", "--output", "json", dir).Output()
	require.NoError(b.t, err)
	found := valuesCounted.FindSubmatch(out)
	require.NotNil(b.t, found, "%s", out)
	samples, err = strconv.ParseFloat(string(found[1]), 64)
	require.NoError(b.t, err)
	return samples, meta, data, gz, zst
}

func gzipped(b *bench, raw []byte) int {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, err := w.Write(raw)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	return out.Len()
}

// fleet starts exporters.
func (b *bench) fleet(targets int) *exporterfleet.Fleet {
	f, err := exporterfleet.Start(exporterfleet.Options{Targets: targets, Series: recordSeries})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { require.NoError(b.t, f.Close()) })
	return f
}

// record starts our recorder into a new folder.
func (b *bench) record(args ...string) *exec.Cmd {
	dir := filepath.Join(b.t.TempDir(), "rec")
	b.recordings = append(b.recordings, dir)
	return b.background(b.ours, append([]string{"record", "-o", dir, "--log-level", "error", "--max-size", "0", "--min-free", "0"}, args...)...)
}

func (b *bench) prometheusYML(jobs, interval string) string {
	file := filepath.Join(b.t.TempDir(), "prometheus.yml")
	text := fmt.Sprintf("global: {scrape_interval: %s, scrape_timeout: %s}\nscrape_configs:\n%s", interval, interval, jobs)
	require.NoError(b.t, os.WriteFile(file, []byte(text), 0o644))
	return file
}

// prometheusAgent starts Prometheus with its write-ahead log alone.
func (b *bench) prometheusAgent(config, dir string, args ...string) *exec.Cmd {
	return b.background(oracle.Path(b.t, "prometheus"), append([]string{
		"--enable-feature=agent", "--config.file=" + config, "--storage.agent.path=" + dir, "--web.listen-address=127.0.0.1:0", "--log.level=error",
	}, args...)...)
}

// nodeExporter starts the real exporter of this machine and returns its address.
func (b *bench) nodeExporter() string {
	address := "127.0.0.1:" + (&liveHost{b: b}).freePort()
	b.background(oracle.Path(b.t, "prometheus-node-exporter"), "--web.listen-address="+address, "--no-collector.systemd", "--log.level=error")
	return address
}

// background starts a command, which ends with the test at the latest.
func (b *bench) background(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(b.t.Context(), name, args...)
	cmd.Stderr = os.Stderr
	require.NoError(b.t, cmd.Start())
	return cmd
}

// end ends commands as a user does.
func (b *bench) end(all ...*exec.Cmd) {
	for _, cmd := range all {
		require.NoError(b.t, cmd.Process.Signal(syscall.SIGTERM))
		_ = cmd.Wait() // interrupted
	}
}
