package ruleeval

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/query"
)

// input are series in the notation of promtool's tests: a value for each minute from 1970
// on.
type input map[string]string

// engine writes an archive of the series and returns an Engine over it.
func (in input) engine(t testing.TB) *query.Engine {
	t.Helper()
	base := filepath.Join(t.TempDir(), "rec")
	require.NoError(t, in.write(t, base))
	sets := storetest.Sets(t, base)
	return query.NewEngine(sets, query.Options{Lookback: query.DefaultLookback})
}

func (in input) write(t testing.TB, base string) error {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	sink := prom.NewSorter(assemble.New(convert.NewToArchive(a), m, assemble.Options{}), prom.SorterOptions{})
	id := 0
	for series, values := range in {
		ls, points, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(series + " " + values)
		require.NoError(t, err)
		s := &prom.Series{ID: id, Name: ls.Get("__name__")}
		s.Family = &prom.Family{Name: s.Name, Type: prom.TypeUnknown}
		id++
		ls.Range(func(l labels.Label) {
			if l.Name != "__name__" {
				s.Labels = append(s.Labels, prom.Label{Name: l.Name, Value: l.Value})
			}
		})
		for i, p := range points {
			if !p.Omitted {
				require.NoError(t, sink.Append(s, []prom.Sample{{T: int64(i) * 60_000, V: p.Value}}))
			}
		}
	}
	return errors.Join(sink.Flush(t.Context()), sink.Close(), a.Close())
}

// load writes a rule file and loads it.
func load(t testing.TB, text string) *Rules {
	t.Helper()
	r, err := Load(file(t, "rules.yml", text))
	require.NoError(t, err)
	return r
}

// file writes a file and returns its path.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

// lines describes alerts: labels, and minutes of activity, firing and end.
func lines(r *RuleResult) (all []string) {
	for _, a := range r.Alerts {
		end := any("")
		if !a.ResolvedAt.IsZero() {
			end = a.ResolvedAt.Unix() / 60
		}
		fired := any("")
		if a.Firing() {
			fired = a.FiredAt.Unix() / 60
		}
		all = append(all, fmt.Sprintf("%s %d %v %v", a.Labels, a.ActiveAt.Unix()/60, fired, end))
	}
	return all
}
