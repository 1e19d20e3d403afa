package exporter

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/accept"
)

// page is a page that was made.
type page struct {
	version
	contentType string
	body        []byte

	pack   sync.Once
	packed []byte // compressed
}

// make makes the page of values. The caller has the maker's token.
func (e *Exporter) make(ctx context.Context, m *maker, v *View, q *Query, values []*instant.Values) (*page, error) {
	if q.format == formatOTLP {
		return &page{contentType: "application/json", body: otlp(v, q, values, e.opts.Version)}, nil
	}
	families, err := m.table.families(ctx, v, q, values)
	if err != nil {
		return nil, err
	}
	o := expo.Options{Format: expo.Text, Timestamps: q.times, PCP: q.pcp5}
	if q.format == formatOpenMetrics {
		o.Format = expo.OpenMetrics
	}
	var b bytes.Buffer
	if err := expo.Write(&b, q.matching(families), o); err != nil {
		return nil, err
	}
	return &page{contentType: o.Format.ContentType(), body: b.Bytes()}, nil
}

// matching returns the families with the series that match[] selects.
func (q *Query) matching(families []expo.Family) []expo.Family {
	if len(q.series) == 0 {
		return families
	}
	kept := families[:0]
	for _, f := range families {
		samples := f.Samples[:0]
		for i := range f.Samples {
			if matches(q.series, &f.Samples[i]) {
				samples = append(samples, f.Samples[i])
			}
		}
		if f.Samples = samples; len(samples) > 0 {
			kept = append(kept, f)
		}
	}
	return kept
}

// matches reports whether one of the selectors selects a sample.
func matches(selectors [][]*labels.Matcher, s *expo.Sample) bool {
	value := func(name string) string {
		if name == model.MetricNameLabel {
			return s.Name
		}
		for _, l := range s.Labels {
			if l.Name == name {
				return l.Value
			}
		}
		return ""
	}
	for _, selector := range selectors {
		ok := true
		for _, m := range selector {
			ok = ok && m.Matches(value(m.Name))
		}
		if ok {
			return true
		}
	}
	return false
}

// chunk is the number of bytes that are written at once, so that a slow client shows
// progress.
const chunk = 64 << 10

// worthwhile is the size in bytes from which a page is compressed.
const worthwhile = 1 << 10

// send replies with the page.
func (p *page) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", p.contentType)
	h.Add("Vary", "Accept, Accept-Encoding")
	body := p.body
	if len(body) >= worthwhile && accept.Encoding(r.Header, "gzip") != "" {
		p.pack.Do(p.compress)
		body = p.packed
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	for len(body) > 0 {
		n := min(chunk, len(body))
		if _, err := w.Write(body[:n]); err != nil {
			return // the client has left
		}
		body = body[n:]
	}
}

func (p *page) compress() {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(p.body) // a buffer takes everything
	_ = z.Close()
	p.packed = b.Bytes()
}
