package main

import "github.com/pcparchive/pcparchive/size"

// sizeOutput is what size prints as JSON. Its form is an interface. Lengths are in bytes,
// intervals in seconds. A table that --by leaves out is absent.
type sizeOutput struct {
	Length  int64        `json:"length"`
	Stored  int64        `json:"stored"`
	Kinds   []sizeKind   `json:"kinds,omitzero"`
	Metrics []sizeMetric `json:"metrics,omitzero"`
	Domains []sizeDomain `json:"domains,omitzero"`
	Labels  []sizeKind   `json:"labels,omitzero"`
	Days    []sizeDay    `json:"days,omitzero"`
	Files   []sizeFile   `json:"files,omitzero"`
}

type sizeKind struct {
	Name    string `json:"name"`
	Length  int64  `json:"length"`
	Records int64  `json:"records"`
}

type sizeMetric struct {
	Name     string  `json:"name,omitempty"`
	PMID     string  `json:"pmid"`
	Length   int64   `json:"length"`
	Repeated int64   `json:"repeated"`
	Metadata int64   `json:"metadata"`
	Records  int64   `json:"records"`
	Values   int64   `json:"values"`
	Interval float64 `json:"interval,omitempty"`
	Saved    *int64  `json:"saved,omitempty"`
}

type sizeDomain struct {
	InDom   string `json:"indom"`
	Length  int64  `json:"length"`
	Records int64  `json:"records"`
	Labels  int64  `json:"labels"`
	Text    int64  `json:"text"`
}

type sizeDay struct {
	Date    string `json:"date"`
	Host    string `json:"host"`
	Length  int64  `json:"length"`
	Records int64  `json:"records"`
}

type sizeFile struct {
	Path       string `json:"path"`
	Host       string `json:"host"`
	Length     int64  `json:"length"`
	Stored     int64  `json:"stored"`
	Unreadable int64  `json:"unreadable"`
}

// jsonOf returns the tables of a report that --by names.
func (o *sizeOptions) jsonOf(r *size.Report) *sizeOutput {
	out := &sizeOutput{Length: r.Length(), Stored: r.Stored()}
	if o.wants("kind") {
		out.Kinds = []sizeKind{}
		for _, k := range r.Kinds {
			out.Kinds = append(out.Kinds, sizeKind{k.Name, k.Length, k.Records})
		}
	}
	if o.wants("metric") {
		out.Metrics = o.metricsJSON(r)
	}
	if o.wants("domain") {
		out.Domains = []sizeDomain{}
		for _, d := range r.Domains {
			out.Domains = append(out.Domains, sizeDomain{d.InDom.String(), d.Length, d.Records, d.Labels, d.Text})
		}
	}
	if o.wants("label") {
		out.Labels = []sizeKind{}
		for _, l := range r.Labels {
			out.Labels = append(out.Labels, sizeKind{l.Name, l.Length, l.Records})
		}
	}
	if o.wants("day") {
		out.Days = []sizeDay{}
		for _, d := range r.Days {
			out.Days = append(out.Days, sizeDay{d.Date.Format("2006-01-02"), d.Host, d.Length, d.Records})
		}
	}
	if o.wants("file") {
		out.Files = []sizeFile{}
		for _, f := range r.Files {
			out.Files = append(out.Files, sizeFile{f.Path, f.Host, f.Length, f.Stored, f.Lost})
		}
	}
	return out
}

// metricsJSON returns the table of the metrics.
func (o *sizeOptions) metricsJSON(r *size.Report) []sizeMetric {
	out := make([]sizeMetric, 0, len(r.Metrics))
	for _, m := range r.Metrics {
		row := sizeMetric{
			Name: m.Name, PMID: m.PMID.String(), Length: m.Values, Repeated: m.Repeated, Metadata: m.Metadata,
			Records: m.Records, Values: m.Count, Interval: m.Interval.Seconds(),
		}
		if o.every > 0 {
			saved := m.Saved(o.every)
			row.Saved = &saved
		}
		out = append(out, row)
	}
	return out
}
