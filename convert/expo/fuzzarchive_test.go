package expo_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oddpages"
)

// pageSamples keeps a line for each sample, by the text of its series. Ends of series
// that have no value before are left out.
type pageSamples map[string][]string

func (s pageSamples) Append(p *prom.Series, batch []prom.Sample) error {
	for _, x := range batch {
		if x.Exemplar == nil && x.Histogram == nil {
			s.number(p, x.T, x.V)
		}
	}
	return nil
}

func (pageSamples) Flush(context.Context) error { return nil }
func (pageSamples) Close() error                { return nil }

func (s pageSamples) number(p *prom.Series, t int64, v float64) {
	labels := slices.Clone(p.Labels)
	slices.SortFunc(labels, func(a, b prom.Label) int { return strings.Compare(a.Name, b.Name) })
	key := fmt.Sprintf("%q %q", p.Name, labels)
	lines := s[key]
	switch {
	case !prom.IsStale(v):
		s[key] = append(lines, fmt.Sprintf("%d %x", t, math.Float64bits(v)))
	case len(lines) > 0 && !strings.HasSuffix(lines[len(lines)-1], "end"):
		s[key] = append(lines, fmt.Sprintf("%d end", t))
	}
}

// FuzzPageToArchive goes from a page to an archive and back: the samples are the
// same, under the same labels, unless the report says what was lost.
func FuzzPageToArchive(f *testing.F) {
	for _, page := range oddpages.Pages {
		f.Add([]byte(page.Text), page.OpenMetrics)
	}
	dir := archtest.InMemory(f)
	f.Fuzz(func(t *testing.T, page []byte, open bool) {
		if open {
			page = append(page, "\n# EOF\n"...)
		}
		read := func(dst prom.SampleSink) error {
			in := expo.Input{Name: "page", Time: time.Unix(1_700_000_000, 0), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(page)), nil }}
			sorter := prom.NewSorter(dst, prom.SorterOptions{})
			if err := expo.NewReader([]expo.Input{in}, expo.ReadOptions{}).Samples(t.Context(), sorter); err != nil {
				_ = sorter.Close()
				return err
			}
			return errors.Join(sorter.Flush(t.Context()), sorter.Close())
		}
		want, got := pageSamples{}, pageSamples{}
		if read(want) != nil || len(want) == 0 {
			return
		}
		require.NoError(t, os.RemoveAll(filepath.Join(dir, "archive")))
		base := filepath.Join(dir, "archive", "a")
		require.NoError(t, os.Mkdir(filepath.Dir(base), 0o777))
		report := &prom.Report{}
		m, err := mapper.New(mapper.Options{Host: "h", Report: report})
		require.NoError(t, err)
		a, err := archive.Create(base, archive.Header{Host: "h", PID: 1}, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err)
		require.NoError(t, read(assemble.New(convert.NewToArchive(a), m, assemble.Options{Report: report})))
		r, err := archive.Open(base, nil)
		if len(report.Losses()) > 0 {
			return // what is lost is said; that what was written can be read is FuzzAppend's
		}
		require.NoError(t, err)
		flat := flatten.New(got, flatten.Options{TargetLabels: true, NoHealth: true, Report: report})
		require.NoError(t, convert.Copy(t.Context(), flat, convert.FromArchive(r, history.Query{})))
		if len(report.Losses()) == 0 {
			require.Equal(t, want, got)
		}
	})
}
