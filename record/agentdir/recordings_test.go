package agentdir

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/registry"
	"github.com/pcparchive/pcparchive/scrape"
)

// told is what two recordings of a metric must share.
type told struct {
	PMID, InDom, Type, Sem, Units, Help string
	Values                              map[string]string // by number and name of the instance
}

func tell(mv *history.MetricValues) told {
	d := mv.Metric.Desc
	m := told{
		PMID: d.PMID.String(), InDom: d.InDom.String(), Type: d.Type.String(), Sem: d.Sem.String(), Units: d.Units.String(),
		Help: mv.Metric.OneLine, Values: map[string]string{},
	}
	for _, p := range mv.Points {
		v, _ := p.Value.Number(d.Type)
		m.Values[fmt.Sprintf("%d %q", p.Series.Inst.ID, p.Series.Inst.Name)] = fmt.Sprint(v)
	}
	return m
}

// recorded returns the metrics of the last step of an archive that have values.
func recorded(t *testing.T, base string) map[string]told {
	t.Helper()
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	out := map[string]told{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			if len(mv.Points) > 0 && strings.HasPrefix(mv.Metric.Name, "openmetrics.") {
				out[mv.Metric.Name] = tell(&mv)
			}
		}
	}
	return out
}

// mapped fetches all sources of a folder as the scraper does and maps their samples.
func mapped(t *testing.T, dir string) map[string]told {
	t.Helper()
	n, err := registry.Open(registry.Options{Dir: t.TempDir(), Prefix: "openmetrics"})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, n.Close()) })
	l := New(dir, Options{Numbers: n})
	t.Cleanup(func() { assert.NoError(t, l.Close()) })
	config, err := l.Load(context.Background(), nil)
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: "localhost", Numbers: n})
	require.NoError(t, err)
	out := map[string]told{}
	for _, job := range config.Prometheus.ScrapeConfigs {
		page, kind, err := getPage(config, job.JobName)
		src := newMapped(t, m, config.Jobs[job.JobName], job.JobName)
		if err == nil {
			feed(t, src, page, kind)
		}
		for _, mv := range src.Step().Metrics {
			out[mv.Metric.Name] = tell(&mv)
		}
	}
	return out
}

func newMapped(t *testing.T, m *mapper.Mapper, job record.Job, name string) *mapper.Source {
	t.Helper()
	src, err := m.Source(mapper.Target{Name: job.Name, Job: name, Instance: "i", URL: "http://h/", Options: job.Source})
	require.NoError(t, err)
	src.Begin(pcp.TimestampMilli(1000))
	return src
}

// getPage fetches the page of a source through the gateway.
func getPage(config *record.Config, name string) (page []byte, kind string, err error) {
	client := &http.Client{Transport: &http.Transport{DialContext: config.Dial, DisableKeepAlives: true}}
	resp, err := client.Get("http://" + name + hostSuffix + "/")
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	page, err = io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = scrape.Cause(errors.New("server returned HTTP status " + resp.Status)) // as the scraper says it
	}
	return page, resp.Header.Get("Content-Type"), err
}

// feed maps the samples of a page.
func feed(t *testing.T, src *mapper.Source, page []byte, kind string) {
	t.Helper()
	p, err := textparse.New(page, kind, labels.NewSymbolTable(), textparse.ParserOptions{})
	require.NoError(t, err)
	families := map[string]*prom.Family{}
	family := func(name []byte) *prom.Family {
		f := families[string(name)]
		if f == nil {
			f = &prom.Family{Name: string(name)}
			families[string(name)] = f
		}
		return f
	}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		switch entry {
		case textparse.EntryHelp:
			name, help := p.Help()
			family(name).Help = string(help)
		case textparse.EntryType:
			name, typ := p.Type()
			family(name).Type = string(typ)
		case textparse.EntrySeries:
			_, _, v := p.Series()
			var set labels.Labels
			p.Labels(&set)
			feedSample(t, src, set, families, v)
		}
	}
}

func feedSample(t *testing.T, src *mapper.Source, set labels.Labels, families map[string]*prom.Family, v float64) {
	t.Helper()
	name := set.Get(model.MetricNameLabel)
	var own []prom.Label
	set.Range(func(l labels.Label) {
		if l.Name != model.MetricNameLabel {
			own = append(own, prom.Label{Name: l.Name, Value: l.Value})
		}
	})
	var f prom.Family
	for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
		if base, ok := strings.CutSuffix(name, suffix); ok && families[base] != nil {
			f = *families[base]
			break
		}
	}
	ser, err := src.Series(name, own, f)
	require.NoError(t, err)
	if !src.Has(ser) {
		src.Set(ser, v)
	}
}
