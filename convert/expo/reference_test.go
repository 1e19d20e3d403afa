package expo_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// dumpOf writes a dump of series, each in one piece as OpenMetrics wants it, and
// the same in random order, which Prometheus does not read.
func dumpOf(seed uint64) (ordered, shuffled []byte) {
	rng := rand.New(rand.NewPCG(seed, 3))
	var lines []string
	var b bytes.Buffer
	families := []struct{ name, typ, suffix string }{
		{"jobs", "counter", "_total"}, {"temp_celsius", "gauge", ""}, {"build", "info", "_info"}, {"odd:name", "unknown", ""},
	}
	start := int64(1_767_225_600_000) - 7200_000*3/2 // over the borders of blocks
	for _, f := range families {
		fmt.Fprintf(&b, "# HELP %s Text with \\\\ and \\n and \\\"quotes\\\".\n# TYPE %s %s\n", f.name, f.name, f.typ)
		for n := range 5 {
			labels := fmt.Sprintf(`{instance="host%d:9100",path="C:\\dir\"%d\"\n",utf8="é"}`, n%2, n)
			if n == 4 {
				labels = ""
			}
			for i := range int64(400) {
				ms := start + i*60_000 + rng.Int64N(3)*333
				value := []string{fmt.Sprint(i), "NaN", "+Inf", "-Inf", fmt.Sprint(rng.NormFloat64()), "1e-310", "123456789012345678"}[rng.IntN(7)]
				time := fmt.Sprintf("%d.%03d", ms/1000, ms%1000)
				if ms%1000 == 0 {
					time = fmt.Sprint(ms / 1000)
				}
				line := fmt.Sprintf("%s%s%s %s %s\n", f.name, f.suffix, labels, value, time)
				b.WriteString(line)
				lines = append(lines, line)
			}
		}
	}
	var s bytes.Buffer
	for _, f := range families {
		fmt.Fprintf(&s, "# TYPE %s %s\n", f.name, f.typ)
	}
	rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	s.WriteString(strings.Join(lines, ""))
	b.WriteString("# EOF\n")
	s.WriteString("# EOF\n")
	return b.Bytes(), s.Bytes()
}

func inputOf(text []byte) []expo.Input {
	return []expo.Input{{Name: "dump", Time: time.UnixMilli(1_767_225_600_000), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}}
}

// blocksOf makes blocks of a dump, sorted in little memory.
func blocksOf(t *testing.T, text []byte) string {
	t.Helper()
	dir := t.TempDir()
	blocks, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	sorter := prom.NewSorter(blocks, prom.SorterOptions{Memory: 100_000, Dir: dir})
	require.NoError(t, expo.NewReader(inputOf(text), expo.ReadOptions{}).Samples(context.Background(), sorter))
	require.NoError(t, sinktest.Finish(sorter))
	return dir
}

// content collects samples by series.
type content map[string][]string

func (c content) Sample(s *prom.Series, t int64, v float64) error {
	key := fmt.Sprint(s.Name, s.Labels)
	c[key] = append(c[key], fmt.Sprintf("%d %x", t, math.Float64bits(v)))
	return nil
}

// contentOf reads blocks.
func contentOf(t *testing.T, dir string) content {
	t.Helper()
	r, err := read.Open(context.Background(), []string{dir}, read.Options{})
	require.NoError(t, err)
	c := content{}
	require.NoError(t, r.Samples(context.Background(), sinktest.Sink(c)))
	require.NoError(t, r.Close())
	return c
}

// TestAgainstPromtool makes blocks of a dump: they hold what Prometheus' own tool
// makes of it, whatever the order of the samples.
func TestAgainstPromtool(t *testing.T) {
	t.Parallel()
	ordered, shuffled := dumpOf(1)
	file := filepath.Join(t.TempDir(), "dump.om")
	require.NoError(t, os.WriteFile(file, ordered, 0o666))
	theirs := t.TempDir()
	oracle.Run(t, "promtool", "tsdb", "create-blocks-from", "openmetrics", file, theirs)
	want := contentOf(t, theirs)
	require.Len(t, want, 20)
	assert.Equal(t, want, contentOf(t, blocksOf(t, ordered)))
	assert.Equal(t, want, contentOf(t, blocksOf(t, shuffled)))
}

// archiveOf makes an archive of a dump, in which the reference finds no fault, and
// returns what it holds and what was lost.
func archiveOf(t *testing.T, text []byte, host string, external ...prom.Label) (content, []prom.LossCount) {
	t.Helper()
	base := filepath.Join(t.TempDir(), "dump")
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC"}, nil)
	require.NoError(t, err)
	report := &prom.Report{}
	m, err := mapper.New(mapper.Options{Host: host, External: external, Report: report})
	require.NoError(t, err)
	reader := expo.NewReader(inputOf(text), expo.ReadOptions{Report: report})
	sorter := prom.NewSorter(assemble.New(convert.NewToArchive(a), m, assemble.Options{
		Natives: reader.Natives(host), Report: report,
	}), prom.SorterOptions{Report: report})
	require.NoError(t, reader.Samples(context.Background(), sorter))
	require.NoError(t, sinktest.Finish(sorter))
	assert.Empty(t, oracle.Run(t, "pmlogcheck", base))

	got := content{}
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	flat := flatten.New(sinktest.Sink(got), flatten.Options{TargetLabels: true, NoHealth: true, InstanceIDs: true, Report: report})
	require.NoError(t, convert.Copy(context.Background(), flat, convert.FromArchive(r, history.Query{})))
	return got, report.Losses()
}

// samplesOf returns what a dump holds, of each series by ascending time, of equal
// times the last, and counts the others.
func samplesOf(t *testing.T, text []byte) (content, []prom.LossCount) {
	t.Helper()
	all, lost := content{}, &prom.Report{}
	require.NoError(t, expo.NewReader(inputOf(text), expo.ReadOptions{}).Samples(context.Background(), sinktest.Sink(all)))
	for key, samples := range all {
		slices.SortStableFunc(samples, func(a, b string) int { return strings.Compare(timeOf(a), timeOf(b)) })
		kept := samples[:0]
		for i, s := range samples {
			if i+1 == len(samples) || timeOf(samples[i+1]) != timeOf(s) {
				kept = append(kept, s)
			} else {
				name, _, _ := strings.Cut(key, "[")
				lost.Add(prom.LossSameTime, name)
			}
		}
		all[key] = kept
	}
	return all, lost.Losses()
}

func timeOf(sample string) string {
	t, _, _ := strings.Cut(sample, " ")
	return t
}

// TestToArchive reads archives of dumps back.
func TestToArchive(t *testing.T) {
	t.Parallel()
	_, shuffled := dumpOf(2)
	got, losses := archiveOf(t, shuffled, "box")
	want, _ := samplesOf(t, shuffled)
	assert.Equal(t, want, got)
	for _, l := range losses {
		assert.Equal(t, prom.LossRounded, l.Loss, l.Name)
	}
}

// TestCorpusToArchive makes archives of real pages, PCP's among them: its labels
// of the host are the archive's.
func TestCorpusToArchive(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "openmetrics", "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var external []prom.Label
		if bytes.Contains(text, []byte("# PCP5 ")) {
			external = []prom.Label{{Name: "domainname", Value: "localdomain"}, {Name: "machineid", Value: "5c9ffb4e076440ae9515b6f5ce11ca74"}}
		}
		got, losses := archiveOf(t, text, "goblin", external...)
		want, lost := samplesOf(t, text)
		assert.Equal(t, want, got, file)
		assert.Equal(t, lost, losses, file)
	}
}
