package registry

import (
	"bufio"
	"bytes"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

func opened(t *testing.T, now *time.Time) *Registry {
	r, err := Open(Options{Dir: t.TempDir(), NoSync: true, Retention: time.Hour, Now: func() time.Time { return *now }})
	require.NoError(t, err)
	return r
}

func describe(id pcp.InstID, key string) (*mapper.Instance, error) {
	return &mapper.Instance{Instance: meta.Instance{ID: id}, Key: key}, nil
}

func metricOf(t *testing.T, r *Registry) *metric {
	src, err := r.Source("web")
	require.NoError(t, err)
	m, err := src.Metric(mapper.MetricID{Sample: "m"}, &meta.Desc{Type: pcp.TypeDouble, Names: []string{"openmetrics.web.m"}}, "")
	require.NoError(t, err)
	return m.(*metric)
}

// When all numbers of instances have been given, those come again that were given before
// the retention began and that no instance has.
func TestNumbersComeAgain(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	r := opened(t, &now)
	m := metricOf(t, r)
	kept, err := m.Instance("a\xff1\xff", describe)
	require.NoError(t, err)
	m.next = manyNumbers
	require.NoError(t, r.Sweep())
	m.next = math.MaxInt32
	last, err := m.Instance("a\xff2\xff", describe)
	require.NoError(t, err)
	assert.Equal(t, pcp.InstID(math.MaxInt32), last.ID)
	_, err = m.Instance("a\xff3\xff", describe)
	require.ErrorIs(t, err, mapper.ErrNumbers)
	now = now.Add(2 * time.Hour)
	require.NoError(t, r.Sweep())
	again, err := m.Instance("a\xff3\xff", describe)
	require.NoError(t, err)
	assert.Equal(t, kept.ID+1, again.ID)
	require.NoError(t, r.compact())

	dir := r.opts.Dir
	require.NoError(t, r.Close())
	second, err := Open(Options{Dir: dir, NoSync: true, Retention: time.Hour, Now: r.opts.Now})
	require.NoError(t, err)
	m = metricOf(t, second)
	for i, want := range []pcp.InstID{0, 1} {
		in, err := m.Instance([]string{"a\xff1\xff", "a\xff3\xff"}[i], describe)
		require.NoError(t, err)
		assert.Equal(t, want, in.ID)
	}
	fourth, err := m.Instance("a\xff4\xff", describe)
	require.NoError(t, err)
	assert.Equal(t, pcp.InstID(2), fourth.ID)
	assert.NotEmpty(t, m.marks)
}

// What vanished while the clock was ahead is forgotten a retention after the clock was put
// right, and keeps nothing else.
func TestClockWasAhead(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	r := opened(t, &now)
	m := metricOf(t, r)
	vanish := func(key string) {
		in, err := m.Instance(key, describe)
		require.NoError(t, err)
		m.Forget(in)
	}
	const year = 365 * 24 * time.Hour
	now = now.Add(year)
	vanish("a\xff1\xff")
	require.NoError(t, r.Sweep())
	now = now.Add(-year)
	vanish("a\xff2\xff")
	require.NoError(t, r.Sweep())
	assert.Equal(t, 2, r.gone.count)
	assert.Equal(t, now.Unix(), r.written, "the file is written anew a day from now, not from then")
	now = now.Add(time.Hour + time.Second)
	require.NoError(t, r.Sweep())
	assert.Zero(t, r.gone.count)
}

// After a power failure the file may lack its end, and all of it, while archives are there
// that use the numbers. They keep them, wherever the file ends.
func TestPowerFailure(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	r := opened(t, &now)
	require.NoError(t, r.Close())
	r, err := Open(r.opts) // from here on the file does not end as a clean one
	require.NoError(t, err)
	certain := r.file.size
	_, err = metricOf(t, r).Instance("a\xff1\xff", describe)
	require.NoError(t, err)
	number := recordOther(t, r)
	require.NoError(t, r.Sync())
	text, err := os.ReadFile(r.file.name)
	require.NoError(t, err)
	require.Greater(t, int64(len(text)), certain)
	r.opts.boot = "the next run"
	for end := 0; end <= len(text); end++ {
		for _, zeros := range []int{0, 20} {
			if end > len(magic) && int64(end) < certain {
				continue // Open has waited for these
			}
			require.NoError(t, os.WriteFile(r.file.name, append(bytes.Clone(text[:end]), make([]byte, zeros)...), 0o644))
			again, err := Open(r.opts)
			require.NoError(t, err)
			web, err := again.Source("web")
			require.NoError(t, err)
			want := &meta.Desc{Type: pcp.TypeDouble, Sem: pcp.SemInstant, Names: []string{"openmetrics.web.other"}}
			found, err := web.Metric(mapper.MetricID{Sample: "other", Family: "other", Type: "gauge"}, want, "")
			require.NoError(t, err)
			require.Equal(t, number, found.Desc().PMID, "%d bytes", end)
			for id, key := range []string{"a\xff2\xff", "a\xff1\xff"} {
				in, err := found.Instance(key, describe)
				require.NoError(t, err)
				require.Equal(t, pcp.InstID(id), in.ID, "%d bytes", end)
			}
			require.NoError(t, again.file.close())
		}
	}
}

// recordOther writes an archive that has a metric with two instances, and returns its number.
func recordOther(t *testing.T, r *Registry) pcp.PMID {
	out, err := archive.Create(filepath.Join(r.opts.Dir, "rec"), archive.LocalHeader("h"), nil)
	require.NoError(t, err)
	mapped, err := mapper.New(mapper.Options{Host: "h", Numbers: r})
	require.NoError(t, err)
	src, err := mapped.Source(mapper.Target{Name: "web", Job: "web", Instance: "i", URL: "http://i/"})
	require.NoError(t, err)
	src.Begin(pcp.Timestamp{Sec: 1})
	for _, v := range []string{"2", "1"} {
		ser, err := src.Series("other", []prom.Label{{Name: "a", Value: v}}, prom.Family{Name: "other", Type: "gauge"})
		require.NoError(t, err)
		src.Set(ser, 1)
	}
	step := src.Step()
	sink := convert.NewToArchive(out)
	require.NoError(t, sink.Put(step))
	require.NoError(t, sink.Close())
	return step.Metrics[0].Metric.Desc.PMID
}

// A write that fails changes nothing, and the records reach the file with the next one.
func TestSyncAgain(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	r := opened(t, &now)
	m := metricOf(t, r)
	_, err := m.Instance("a\xff1\xff", describe)
	require.NoError(t, err)
	f := r.file.f
	r.file.f, err = os.Open(r.file.name) // for reading only
	require.NoError(t, err)
	require.Error(t, r.Sync())
	_, err = m.Instance("a\xff2\xff", describe)
	require.NoError(t, err)
	require.Error(t, r.Sync())
	require.NoError(t, r.file.f.Close())
	r.file.f = f
	require.NoError(t, r.Sync())
	second, err := Open(r.opts)
	require.NoError(t, err)
	in, err := metricOf(t, second).Instance("a\xff2\xff", describe)
	require.NoError(t, err)
	assert.Equal(t, pcp.InstID(1), in.ID)
	require.NoError(t, r.Close())
	_, err = m.Instance("a\xff3\xff", describe)
	require.NoError(t, err)
	require.ErrorIs(t, r.Sync(), fs.ErrClosed)
}

// Whatever a file holds, reading it ends, and the state it leads to can be written and
// read again.
func FuzzReplay(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	r := &Registry{opts: Options{Prefix: "openmetrics", Now: func() time.Time { return now }}, sources: map[string]*source{}, byJob: map[string]*source{}}
	src := r.addSource("web", "web job")
	r.own(1, src)
	m := src.newMetric(1024, mapper.MetricID{Sample: "m"}, &meta.Desc{Names: []string{"openmetrics.web.m"}}, "")
	m.restore(&instance{metric: m, key: "a\xff1\xff", id: 3})
	m.marks = []mark{{1, 2}}
	f.Add(fileOf(r))
	f.Add(appendRecord(nil, []byte{kindNext, 1, 2, 3}))
	f.Add(appendRecord(fileOf(r), clusterRecord(1, "web")))
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 1<<16 {
			return
		}
		one := read(text, true)
		again := read(fileOf(one), false)
		assert.Equal(t, fileOf(one), fileOf(again))
	})
}

// fileOf returns the records of a registry as they are in a file.
func fileOf(r *Registry) (b []byte) {
	r.records(func(record []byte) { b = appendRecord(b, record) })
	return b
}

// read returns the registry that records lead to. With fix it corrects their checksums.
func read(text []byte, fix bool) *Registry {
	r := &Registry{
		opts:    Options{Prefix: "openmetrics", Now: func() time.Time { return time.Unix(1_800_000_000, 0) }},
		sources: map[string]*source{}, byJob: map[string]*source{},
	}
	p := &replay{reg: r}
	if !fix {
		_, _ = readRecords(bufio.NewReader(bytes.NewReader(text)), p.record)
		r.settle(true)
		return r
	}
	for len(text) > 8 {
		n := min(int(text[4]), len(text)-8)
		if p.record(text[8:8+n]) != nil {
			break
		}
		text = text[8+n:]
	}
	r.settle(true)
	return r
}
