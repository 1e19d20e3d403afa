package query

import (
	"io"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/jsonutil"

	"github.com/pcparchive/pcparchive/internal/jsonstream"
)

// WriteResultJSON writes a result in the form that replies of Prometheus' query API have
// under "result", while it encodes it. The JSON of promql's own types differs: it has
// native histograms as text. The error is that of out.
func WriteResultJSON(out io.Writer, v parser.Value) error {
	w := jsonWriter{jsonstream.New(out)}
	w.result(v)
	return w.Flush()
}

// WriteIndentedJSON writes what [WriteResultJSON] writes, indented by two spaces for each
// level, as part of a text that has begun depth objects or arrays.
func WriteIndentedJSON(out io.Writer, v parser.Value, depth int) error {
	w := jsonWriter{jsonstream.NewIndented(out, depth)}
	w.result(v)
	return w.Flush()
}

// result writes a value of any type.
func (w jsonWriter) result(v parser.Value) {
	switch v := v.(type) {
	case promql.Vector:
		w.list(len(v), func(i int) { w.sample(&v[i]) })
	case promql.Matrix:
		w.list(len(v), func(i int) { w.series(&v[i]) })
	case promql.Scalar:
		w.point(v.T, v.V, nil)
	case promql.String:
		w.list(2, func(i int) {
			if i == 0 {
				jsonutil.MarshalTimestamp(v.T, w.Stream)
			} else {
				w.WriteString(v.V)
			}
		})
	}
}

// jsonWriter writes results to memory, or to a writer.
type jsonWriter struct{ *jsoniter.Stream }

// list writes an array of n elements.
func (w jsonWriter) list(n int, element func(i int)) { jsonstream.List(w.Stream, n, element) }

// point writes a time with a native histogram, or with a number if h is nil.
func (w jsonWriter) point(t int64, f float64, h *histogram.FloatHistogram) {
	w.list(2, func(i int) {
		switch {
		case i == 0:
			jsonutil.MarshalTimestamp(t, w.Stream)
		case h != nil:
			jsonutil.MarshalHistogram(h, w.Stream)
		default:
			jsonutil.MarshalFloat(f, w.Stream)
		}
	})
}

// sample writes a series of an instant query.
func (w jsonWriter) sample(s *promql.Sample) {
	w.metric(s.Metric)
	w.WriteMore()
	if s.H != nil {
		w.WriteObjectField("histogram")
	} else {
		w.WriteObjectField("value")
	}
	w.point(s.T, s.F, s.H)
	w.WriteObjectEnd()
}

// series writes a series of a range query.
func (w jsonWriter) series(s *promql.Series) {
	w.metric(s.Metric)
	if len(s.Floats) > 0 {
		w.WriteMore()
		w.WriteObjectField("values")
		w.list(len(s.Floats), func(i int) { w.point(s.Floats[i].T, s.Floats[i].F, nil) })
	}
	if len(s.Histograms) > 0 {
		w.WriteMore()
		w.WriteObjectField("histograms")
		w.list(len(s.Histograms), func(i int) { w.point(s.Histograms[i].T, 0, s.Histograms[i].H) })
	}
	w.WriteObjectEnd()
}

// metric begins an object whose first field is the labels.
func (w jsonWriter) metric(ls labels.Labels) {
	w.WriteObjectStart()
	w.WriteObjectField("metric")
	jsonstream.Labels(w.Stream, ls)
}
