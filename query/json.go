package query

import (
	"io"

	jsoniter "github.com/json-iterator/go"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/jsonutil"
)

// ResultJSON returns a result in the form that replies of Prometheus' query API have
// under "result". The JSON of promql's own types differs: it has native histograms as
// text.
func ResultJSON(v parser.Value) ([]byte, error) {
	w := jsonWriter{jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, nil, 512)}
	w.result(v)
	return w.Buffer(), w.Error
}

// WriteResultJSON writes what ResultJSON returns without holding it in memory.
func WriteResultJSON(out io.Writer, v parser.Value) error {
	w := jsonWriter{jsoniter.NewStream(jsoniter.ConfigCompatibleWithStandardLibrary, out, 2*flushSize)}
	w.result(v)
	return w.Flush()
}

// flushSize is the number of bytes after which a jsonWriter hands on its buffer.
const flushSize = 32 << 10

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
func (w jsonWriter) list(n int, element func(i int)) {
	w.WriteArrayStart()
	for i := range n {
		if i > 0 {
			w.WriteMore()
		}
		element(i)
		if w.Buffered() >= flushSize && w.Flush() != nil {
			return
		}
	}
	w.WriteArrayEnd()
}

// point writes a time and a native histogram if there is one, or else a number.
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
	w.WriteObjectStart()
	first := true
	ls.Range(func(l labels.Label) {
		if !first {
			w.WriteMore()
		}
		first = false
		w.WriteObjectField(l.Name)
		w.WriteString(l.Value)
	})
	w.WriteObjectEnd()
}
