package scrape_test

import (
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// After two changes of a configuration, two loops say farewell to one target. The second of
// them finds the target gone, and must not record it anew.
func TestStrayFarewell(t *testing.T) {
	rec, _ := newRecorder(t)
	target := func(instance string) *promscrape.Target {
		return promscrape.NewTarget(labels.FromStrings("job", "j", "instance", instance), &config.ScrapeConfig{},
			model.LabelSet{model.AddressLabel: model.LabelValue(instance), model.SchemeLabel: "http", model.MetricsPathLabel: "/metrics"}, nil)
	}
	report := func(target *promscrape.Target, at int64, up float64) {
		app := rec.AppenderV2(promscrape.ContextWithTarget(t.Context(), target))
		_, err := app.Append(0, labels.EmptyLabels(), 0, at, up, nil, nil, storage.AppendV2Options{MetricFamilyName: "up\xff"})
		require.NoError(t, err)
		require.NoError(t, app.Commit())
	}
	at := time.Now().Add(-time.Hour).UnixMilli()
	here := target("here:1")
	report(here, at, 1)
	report(target("gone:1"), at, prom.StaleNaN)
	assert.Equal(t, int64(1), rec.Stats().Scrapes, "the farewell of an unknown target is no scrape")
	report(here, at+1000, prom.StaleNaN)
	assert.Equal(t, int64(2), rec.Stats().Scrapes, "that of a known one is")
	require.NoError(t, rec.Close())
}
