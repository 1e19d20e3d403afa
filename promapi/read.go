package promapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/gogo/protobuf/proto"
	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/pcparchive/pcparchive/query"
)

// The forms follow Prometheus' documents on remote read. Package storage/remote of
// Prometheus has them, too, and brings OpenTelemetry's collector with it.

// maxReadSamples is the largest number of samples in a reply that is not streamed. Such
// a reply must be in memory as a whole.
const maxReadSamples = 5_000_000

// remoteRead answers /read, in samples or in streamed chunks as the client accepts.
func remoteRead(a *API, w http.ResponseWriter, r *http.Request) {
	req, err := decodeRead(r)
	if err != nil {
		status := http.StatusBadRequest
		if errors.As(err, new(*http.MaxBytesError)) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, err.Error(), status)
		return
	}
	view, leave, err := a.enter(r.Context())
	if err != nil {
		http.Error(w, err.Error(), kindOf(err).status)
		return
	}
	defer leave()
	read := &reader{api: a, view: view, r: r, external: externalLabels(a.opts.ExternalLabels)}
	out := &sender{w: w}
	if slices.Contains(req.AcceptedResponseTypes, prompb.ReadRequest_STREAMED_XOR_CHUNKS) && streamedFirst(req.AcceptedResponseTypes) {
		w.Header().Set("Content-Type", "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse")
		err = read.stream(out, req)
	} else {
		err = read.samples(out, req)
	}
	if err == nil {
		return
	}
	if out.sent {
		a.log.Warn("remote read ended early", "error", err)
		panic(http.ErrAbortHandler) // tells the client that the reply is incomplete
	}
	status := http.StatusInternalServerError
	if errors.As(err, new(*query.LimitError)) || errors.As(err, new(*apiError)) {
		status = http.StatusBadRequest
	}
	http.Error(w, err.Error(), status)
}

// streamedFirst reports whether a client prefers chunks to samples.
func streamedFirst(types []prompb.ReadRequest_ResponseType) bool {
	for _, t := range types {
		switch t {
		case prompb.ReadRequest_STREAMED_XOR_CHUNKS:
			return true
		case prompb.ReadRequest_SAMPLES:
			return false
		}
	}
	return false
}

// decodeRead decodes the body of a request.
func decodeRead(r *http.Request) (*prompb.ReadRequest, error) {
	packed, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	const most = 32 << 20
	if n, err := snappy.DecodedLen(packed); err != nil || n > most {
		return nil, fmt.Errorf("the body is not a read request in snappy of at most %d bytes", most)
	}
	data, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, err
	}
	req := &prompb.ReadRequest{}
	if err := proto.Unmarshal(data, req); err != nil {
		return nil, err
	}
	for _, q := range req.Queries {
		if q == nil {
			return nil, errors.New("a query is absent")
		}
	}
	return req, nil
}

// sender notes whether a part of the reply was sent.
type sender struct {
	w    http.ResponseWriter
	sent bool
}

// Write sends a part of the reply.
func (s *sender) Write(p []byte) (int, error) {
	s.sent = true
	return s.w.Write(p)
}

// reader answers the queries of a read request.
type reader struct {
	api      *API
	view     *View
	r        *http.Request
	external []prompb.Label // sorted by name
}

func externalLabels(all map[string]string) []prompb.Label {
	var out []prompb.Label
	for name, v := range all {
		out = append(out, prompb.Label{Name: name, Value: v})
	}
	slices.SortFunc(out, func(a, b prompb.Label) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// find returns the series of a query, sorted by labels.
func (x *reader) find(q *prompb.Query) (storage.SeriesSet, func(), error) {
	matchers, err := x.matchers(q.Matchers)
	if err != nil {
		return nil, nil, bad(err)
	}
	querier, err := x.view.Engine.Storage().Querier(clampMilli(q.StartTimestampMs), clampMilli(q.EndTimestampMs))
	if err != nil {
		return nil, nil, err
	}
	var hints *storage.SelectHints
	if h := q.Hints; h != nil {
		hints = &storage.SelectHints{
			Start: clampMilli(h.StartMs), End: clampMilli(h.EndMs), Step: h.StepMs, Func: h.Func, Grouping: h.Grouping, Range: h.RangeMs, By: h.By,
		}
	}
	return querier.Select(x.r.Context(), true, hints, matchers...), func() { _ = querier.Close() }, nil
}

var matchTypes = map[prompb.LabelMatcher_Type]labels.MatchType{
	prompb.LabelMatcher_EQ: labels.MatchEqual, prompb.LabelMatcher_NEQ: labels.MatchNotEqual,
	prompb.LabelMatcher_RE: labels.MatchRegexp, prompb.LabelMatcher_NRE: labels.MatchNotRegexp,
}

// matchers returns the matchers of a query. One that asks for an external label asks for
// series without it.
func (x *reader) matchers(all []*prompb.LabelMatcher) ([]*labels.Matcher, error) {
	out := make([]*labels.Matcher, 0, len(all))
	for _, m := range all {
		typ, ok := matchTypes[m.GetType()]
		if !ok || m == nil {
			return nil, fmt.Errorf("unknown kind of matcher %v", m.GetType())
		}
		v := m.Value
		if typ == labels.MatchEqual && v != "" && x.api.opts.ExternalLabels[m.Name] == v {
			v = ""
		}
		matcher, err := labels.NewMatcher(typ, m.Name, v)
		if err != nil {
			return nil, err
		}
		out = append(out, matcher)
	}
	return out, nil
}

// labels returns the labels of a series with the external labels that it lacks.
func (x *reader) labels(ls labels.Labels) []prompb.Label {
	out := prompb.FromLabels(ls, nil)
	if len(x.external) == 0 {
		return out
	}
	for _, l := range x.external {
		if !ls.Has(l.Name) {
			out = append(out, l)
		}
	}
	slices.SortFunc(out, func(a, b prompb.Label) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// samples writes a reply with samples.
func (x *reader) samples(out *sender, req *prompb.ReadRequest) error {
	resp := &prompb.ReadResponse{}
	left := maxReadSamples
	for _, q := range req.Queries {
		set, done, err := x.find(q)
		if err != nil {
			return err
		}
		result, err := x.series(set, &left)
		done()
		if err != nil {
			return err
		}
		resp.Results = append(resp.Results, result)
	}
	data, err := proto.Marshal(resp)
	if err != nil {
		return err
	}
	out.w.Header().Set("Content-Type", "application/x-protobuf")
	out.w.Header().Set("Content-Encoding", "snappy")
	_, err = out.Write(snappy.Encode(nil, data))
	return err
}

// series returns the series of a set with their samples.
func (x *reader) series(set storage.SeriesSet, left *int) (*prompb.QueryResult, error) {
	result := &prompb.QueryResult{}
	var it chunkenc.Iterator
	for set.Next() {
		s := &prompb.TimeSeries{Labels: x.labels(set.At().Labels())}
		it = set.At().Iterator(it)
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			if *left--; *left < 0 {
				return nil, bad(fmt.Errorf("exceeded sample limit (%d): accept STREAMED_XOR_CHUNKS", maxReadSamples))
			}
			switch kind {
			case chunkenc.ValFloat:
				t, v := it.At()
				s.Samples = append(s.Samples, prompb.Sample{Timestamp: t, Value: v})
			case chunkenc.ValHistogram:
				t, h := it.AtHistogram(nil)
				s.Histograms = append(s.Histograms, prompb.FromIntHistogram(t, h))
			default:
				t, h := it.AtFloatHistogram(nil)
				s.Histograms = append(s.Histograms, prompb.FromFloatHistogram(t, h))
			}
		}
		if err := it.Err(); err != nil {
			return nil, err
		}
		result.Timeseries = append(result.Timeseries, s)
	}
	return result, set.Err()
}
