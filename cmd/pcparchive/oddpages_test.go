package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/oddpages"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// corpusRepeats counts, by file of the corpus and metric, the lines whose series an
// earlier line has.
var corpusRepeats = map[string]map[string]int64{
	"reordered-labels.txt":           {"http_request_duration_microseconds": 3},
	"sample-pmda-3.12.2.txt":         sampleRepeats,
	"sample-pmda-instname-5.0.0.txt": sampleRepeats,
}

// sampleRepeats has the metrics of PCP's sample agent whose instances share names.
var sampleRepeats = map[string]int64{
	"sample:bogus_bin": 3, "sample:dupnames:pid_daemon": 2, "sample:dupnames:three:bin": 18, "sample:dupnames:two:double:ten": 1,
	"sample:dupnames:two:float:ten": 1, "sample:dupnames:two:seconds_seconds_total": 1,
}

// repeatedLines returns what a report says of lines that repeat a series.
func repeatedLines(counts map[string]int64) []prom.LossCount {
	lost := []prom.LossCount{}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		lost = append(lost, prom.LossCount{Loss: prom.LossDuplicate, Name: name, Count: counts[name]})
	}
	return lost
}

func TestCorpusPages(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(oracle.Corpus(t), "openmetrics", "*.txt"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), 12, "the corpus shrank")
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			page, err := os.ReadFile(file)
			require.NoError(t, err)
			throughArchive(t, page, textKind, repeatedLines(corpusRepeats[name]), map[expo.Format][]string{expo.OpenMetrics: oddpages.Corpus[name]})
		})
	}
}

const textKind = "text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8"

// oddPages has, by name, what of the odd pages an archive does not keep and what
// a format cannot say.
var oddPages = map[string]struct {
	lost   []prom.LossCount
	differ map[expo.Format][]string
}{
	// Prometheus' scraper refuses what is more than ten minutes ahead.
	"a time to come": {lost: []prom.LossCount{{Loss: prom.LossFuture, Name: "t", Count: 1}}, differ: both(`lost "t" [{"at" "to come"}]`)},
	"duplicates":     {lost: []prom.LossCount{{Loss: prom.LossDuplicate, Name: "d", Count: 4}}},
	"repeated lines": {lost: []prom.LossCount{{Loss: prom.LossDuplicate, Name: "d", Count: 1}}},
	// A label that the target has with the same value is the target's.
	"the target's label": {differ: both(`lost "j" [{"job" "page"} {"x" "1"}]`, `new "j" [{"x" "1"}]`)},
	// What the scraper knows of a family it finds again under its name as the
	// page writes it.
	"escapes in names": {differ: both("gauge becomes unknown", `gauge: help "dots, blanks, quotes" becomes ""`)},
	"openmetrics": {
		differ: map[expo.Format][]string{expo.Text: {
			"counter becomes gauge", "counter: family named by its sample", "exemplar lost", "gauge: unit \"celsius\" becomes \"\"",
			"gaugehistogram becomes gauge", "gaugehistogram: family named by its sample",
			"histogram becomes gauge", "histogram: family named by its sample",
			"info becomes gauge", "info: family named by its sample", "stateset becomes gauge",
			"summary becomes gauge", "summary: family named by its sample",
		}}},
	"duplicates of several times": {lost: []prom.LossCount{{Loss: prom.LossDuplicate, Name: "d", Count: 4}}},
	"times of a counter": {lost: []prom.LossCount{{Loss: prom.LossFuture, Name: "t", Count: 1}}, differ: map[expo.Format][]string{
		expo.Text:        {`lost "t" [{"at" "far"}]`},
		expo.OpenMetrics: {`lost "t" [{"at" "far"}]`},
	}},
	"counter with gauge of creation": {differ: map[expo.Format][]string{
		expo.OpenMetrics: {oddpages.LosesTotal, "family c_created becomes c", "gauge becomes counter"},
	}},
	"metadata that comes late": {differ: both("counter becomes unknown", `unknown: help "" becomes "too late"`)},
	"too many labels":          {lost: []prom.LossCount{{Loss: prom.LossLabels, Name: "m", Count: 1}}, differ: both(`lost "m" [{"l0" "v"} {"l1" "v"} {"l10" "v"} {"l100" "v"} {"l101" `)},
}

func both(s ...string) map[expo.Format][]string {
	return map[expo.Format][]string{expo.Text: s, expo.OpenMetrics: s}
}

func TestOddPages(t *testing.T) {
	for _, page := range oddpages.Pages {
		t.Run(page.Name, func(t *testing.T) {
			t.Parallel()
			want := oddPages[page.Name]
			if want.lost == nil {
				want.lost = []prom.LossCount{}
			}
			kind := textKind
			if page.OpenMetrics {
				kind = expo.OpenMetrics.ContentType()
			}
			throughArchive(t, []byte(page.Text), kind, want.lost, want.differ)
		})
	}
}

// TestManySeries takes 50,000 series through an archive and back.
func TestManySeries(t *testing.T) {
	t.Parallel()
	const families, each = 20, 500
	var page bytes.Buffer
	for f := range families {
		fmt.Fprintf(&page, "# HELP family_%d Number %d.\n# TYPE family_%d gauge\n", f, f, f)
		for i := range each {
			fmt.Fprintf(&page, "family_%d{device=\"sd%d\",path=\"/a/%d\"} %d\n", f, i, i%7, f*each+i)
		}
	}
	throughArchive(t, page.Bytes(), textKind, []prom.LossCount{}, nil)
}
