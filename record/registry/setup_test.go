package registry_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record/registry"
)

// bench is a registry in a folder, with a clock.
type bench struct {
	t    *testing.T
	reg  *registry.Registry
	opts registry.Options
	now  time.Time
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, now: time.Unix(1_800_000_000, 0)}
	b.opts = registry.Options{Dir: t.TempDir(), NoSync: true, Retention: 14 * 24 * time.Hour, Now: func() time.Time { return b.now }}
	b.open()
	return b
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	b.reg, err = registry.Open(b.opts)
	require.NoError(b.t, err)
}

// restart closes the registry, or ends it as a kill does, and opens it again.
func (b *bench) restart(kill bool) {
	b.t.Helper()
	if kill {
		require.NoError(b.t, b.reg.Sync())
	} else {
		require.NoError(b.t, b.reg.Close())
	}
	b.open()
}

func (b *bench) file() string { return filepath.Join(b.opts.Dir, registry.FileName) }

func (b *bench) source(name string) mapper.SourceNumbers {
	b.t.Helper()
	src, err := b.reg.Source(name)
	require.NoError(b.t, err)
	return src
}

// metric returns a gauge with instances.
func (b *bench) metric(src mapper.SourceNumbers, source, name string) mapper.MetricNumbers {
	b.t.Helper()
	m, err := src.Metric(mapper.MetricID{Sample: name, Family: name, Type: "gauge"}, want(source, name), "")
	require.NoError(b.t, err)
	return m
}

func want(source, leaf string) *meta.Desc {
	return &meta.Desc{Type: pcp.TypeDouble, Sem: pcp.SemInstant, Names: []string{"openmetrics." + source + "." + leaf}}
}

// describe makes an instance as a mapper does.
func describe(id pcp.InstID, key string) (*mapper.Instance, error) {
	return &mapper.Instance{Instance: meta.Instance{ID: id, Name: fmt.Sprint(id, " ", key)}, Key: key}, nil
}

func key(value string) string { return prom.LabelsKey([]prom.Label{{Name: "x", Value: value}}) }

func (b *bench) instance(m mapper.MetricNumbers, value string) *mapper.Instance {
	b.t.Helper()
	in, err := m.Instance(key(value), describe)
	require.NoError(b.t, err)
	return in
}

// numbers uses some metrics and instances in an order and returns what they are called
// and numbered.
func (b *bench) numbers(jobs, metrics, values []string) map[string]string {
	all := map[string]string{}
	for _, job := range jobs {
		name := b.reg.Name(job)
		src := b.source(name)
		all[job] = fmt.Sprint(name, src.Instance())
		for _, metric := range metrics {
			m := b.metric(src, name, metric)
			all[job+metric] = fmt.Sprint(m.Desc().Name(), m.Desc().PMID, m.Desc().InDom)
			for _, v := range values {
				in := b.instance(m, v)
				all[job+metric+v] = fmt.Sprint(in.ID, in.Name, in.Labels.JSON())
				m.Forget(in)
			}
			m.Release()
		}
		src.Release()
	}
	return all
}
