package main

import (
	"cmp"
	"encoding/json"
	"math"
	"time"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
	"github.com/pcparchive/pcparchive/summary"
)

// summaryDocument is the JSON of a host's summary; its form is an interface.
type summaryDocument struct {
	Host     string          `json:"host"`
	Archives []string        `json:"archives"`
	Start    time.Time       `json:"start"`
	End      time.Time       `json:"end"`
	Records  int             `json:"records"`
	Marks    int             `json:"marks"`
	Series   []summarySeries `json:"series"`
	Errors   []summaryError  `json:"errors,omitempty"`
}

type summarySeries struct {
	Metric      string                `json:"metric"`
	PMID        string                `json:"pmid"`
	Instance    string                `json:"instance,omitempty"`
	InstanceID  *int32                `json:"instance_id,omitempty"`
	Target      string                `json:"target,omitempty"` // if the source has the metric of several exporters
	Labels      map[string]jsonValue  `json:"labels,omitempty"`
	Semantics   string                `json:"semantics"`
	Units       string                `json:"units"`
	Rate        bool                  `json:"rate"`
	Values      int64                 `json:"values"`
	First       *time.Time            `json:"first,omitempty"`
	Last        *time.Time            `json:"last,omitempty"`
	Count       int64                 `json:"count"`
	Span        jsonNumber            `json:"span_seconds"`
	Coverage    jsonNumber            `json:"coverage"`
	Average     *jsonNumber           `json:"time_average,omitempty"`
	Mean        *jsonNumber           `json:"mean,omitempty"`
	StdDev      *jsonNumber           `json:"stddev,omitempty"`
	Sum         *jsonNumber           `json:"sum,omitempty"`
	Min         *jsonNumber           `json:"min,omitempty"`
	MinTime     *time.Time            `json:"min_time,omitempty"`
	Max         *jsonNumber           `json:"max,omitempty"`
	MaxTime     *time.Time            `json:"max_time,omitempty"`
	Percentiles map[string]jsonNumber `json:"percentiles,omitempty"`
	Gaps        int                   `json:"gaps"`
	Resets      int                   `json:"resets"`
	Wraps       int                   `json:"wraps"`
	Bad         int64                 `json:"bad_values"`
}

type summaryError struct {
	Metric string `json:"metric"`
	PMID   string `json:"pmid"`
	Code   int32  `json:"code"`
	Error  string `json:"error"`
	Count  int64  `json:"count"`
}

// jsonNumber is a number that may be infinite, which JSON writes as a string.
type jsonNumber float64

// MarshalJSON writes a number, or "+Inf", "-Inf" or "NaN".
func (n jsonNumber) MarshalJSON() ([]byte, error) {
	f := float64(n)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return json.Marshal(number(f))
	}
	return json.Marshal(f)
}

func (o summaryOptions) document(set *store.Set, sum *summary.Summary) summaryDocument {
	doc := summaryDocument{
		Host: set.Host(), Start: sum.From.Time(), End: sum.To.Time(),
		Records: sum.Records, Marks: sum.Marks, Series: []summarySeries{},
	}
	for _, a := range set.Archives() {
		doc.Archives = append(doc.Archives, a.Base)
	}
	for _, s := range sum.Series {
		doc.Series = append(doc.Series, o.seriesDocument(s))
	}
	for _, e := range sum.Errors {
		doc.Errors = append(doc.Errors, summaryError{
			Metric: e.Metric.Name, PMID: e.Metric.Desc.PMID.String(), Code: int32(e.Err), Error: e.Err.Error(), Count: e.Count,
		})
	}
	return doc
}

func (o summaryOptions) seriesDocument(s *summary.Series) summarySeries {
	m := s.Series.Metric
	out := summarySeries{
		Metric: m.Name, PMID: m.Desc.PMID.String(), Semantics: m.Desc.Sem.String(), Units: cmp.Or(s.Units.String(), "none"),
		Rate: s.IsRate(), Values: s.Values, Count: s.Count, Span: jsonNumber(s.Span), Coverage: jsonNumber(s.Coverage),
		Gaps: s.Gaps, Resets: s.Resets, Wraps: s.Wraps, Bad: s.Bad,
	}
	if m.Desc.InDom != pcp.InDomNull {
		id := int32(s.Series.Inst.ID)
		out.Instance, out.InstanceID = s.Series.Inst.Name, &id
	}
	out.Target = s.Target
	if o.labels {
		out.Labels = labelMap(s.Series)
	}
	if s.Values > 0 {
		out.First, out.Last = jsonTime(s.First), jsonTime(s.Last)
	}
	if s.Count == 0 {
		return out
	}
	num := func(f float64) *jsonNumber { n := jsonNumber(f); return &n }
	out.Average, out.Mean, out.StdDev, out.Sum = num(s.TimeAverage), num(s.Mean), num(s.StdDev), num(s.Sum)
	out.Min, out.MinTime, out.Max, out.MaxTime = num(s.Min), jsonTime(s.MinTime), num(s.Max), jsonTime(s.MaxTime)
	for i, p := range o.percentiles {
		if out.Percentiles == nil {
			out.Percentiles = map[string]jsonNumber{}
		}
		out.Percentiles[number(p)] = jsonNumber(s.Percentiles[i])
	}
	return out
}

func jsonTime(t pcp.Timestamp) *time.Time {
	u := t.Time()
	return &u
}

// jsonValue is the value of a label, which PCP stores as JSON.
type jsonValue string

// MarshalJSON writes the value as it is or, if it is not JSON, as a string.
func (v jsonValue) MarshalJSON() ([]byte, error) {
	if json.Valid([]byte(v)) {
		return []byte(v), nil
	}
	return json.Marshal(string(v))
}

// labelMap returns the merged labels of a series.
func labelMap(s *history.Series) map[string]jsonValue {
	set, err := s.Merged()
	if err != nil {
		return nil // the series has more labels than a set may have
	}
	labels := map[string]jsonValue{}
	for l := range set.All() {
		labels[l.Name] = jsonValue(l.Value)
	}
	return labels
}
