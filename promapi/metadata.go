package promapi

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/jsonutil"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/jsonstream"
	"github.com/pcparchive/pcparchive/query"
)

// metadataEntry describes a metric family. Its JSON form is Prometheus'.
type metadataEntry struct {
	Type string `json:"type"`
	Help string `json:"help"`
	Unit string `json:"unit"`
}

func entryOf(f prom.Family) metadataEntry { return metadataEntry{f.Type, f.Help, f.Unit} }

// number returns a whole number, -1 if the parameter is absent.
func (p params) number(name string) (int, error) {
	text := p.get(name)
	if text == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, bad(fmt.Errorf("%s must be a number", name))
	}
	return n, nil
}

// metricMetadata answers /metadata.
func metricMetadata(r *request) (*reply, error) {
	limit, err := r.number("limit")
	if err != nil {
		return nil, err
	}
	perMetric, err := r.number("limit_per_metric")
	if err != nil {
		return nil, err
	}
	found := map[string][]metadataEntry{}
	families, err := r.view.Engine.Families(r.ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range families {
		entries, known := found[f.Name]
		switch {
		case r.get("metric") != "" && r.get("metric") != f.Name:
		case perMetric > 0 && len(entries) >= perMetric:
		case !known && limit >= 0 && len(found) >= limit:
			return jsonReply(found), nil
		default:
			found[f.Name] = append(entries, entryOf(f))
		}
	}
	return jsonReply(found), nil
}

// queryExemplars answers /query_exemplars.
func queryExemplars(r *request) (*reply, error) {
	start, end, err := r.window()
	if err != nil {
		return nil, err
	}
	if end.Before(start) {
		return nil, bad(errors.New("end timestamp must not be before start timestamp"))
	}
	expr, err := query.Parse(r.get("query"))
	if err != nil {
		return nil, bad(syntax(err))
	}
	selectors := parser.ExtractSelectors(expr)
	if len(selectors) == 0 || r.view.exemplars() == nil {
		return exemplarsReply(nil), nil
	}
	q, err := r.view.exemplars().ExemplarQuerier(r.ctx)
	if err != nil {
		return nil, err
	}
	found, err := q.Select(clamp(start), clamp(end), selectors...)
	if err != nil {
		return nil, err
	}
	return exemplarsReply(found), nil
}

// syntax returns the parser's error in place of one with a suggestion, whose words are
// the command line's.
func syntax(err error) error {
	if wrong := (*query.SyntaxError)(nil); errors.As(err, &wrong) {
		return wrong.Err
	}
	return err
}

// exemplarsReply returns exemplars by series.
func exemplarsReply(found []exemplar.QueryResult) *reply {
	return &reply{data: func(w io.Writer) error {
		return writeList(w, len(found), func(s *jsoniter.Stream, i int) {
			s.WriteObjectStart()
			s.WriteObjectField("seriesLabels")
			jsonstream.Labels(s, found[i].SeriesLabels)
			s.WriteMore()
			s.WriteObjectField("exemplars")
			jsonstream.List(s, len(found[i].Exemplars), func(j int) { writeExemplar(s, found[i].Exemplars[j]) })
			s.WriteObjectEnd()
		})
	}}
}

func writeExemplar(s *jsoniter.Stream, e exemplar.Exemplar) {
	s.WriteObjectStart()
	s.WriteObjectField("labels")
	jsonstream.Labels(s, e.Labels)
	s.WriteMore()
	s.WriteObjectField("value")
	jsonutil.MarshalFloat(e.Value, s)
	s.WriteMore()
	s.WriteObjectField("timestamp")
	jsonutil.MarshalTimestamp(e.Ts, s)
	s.WriteObjectEnd()
}
