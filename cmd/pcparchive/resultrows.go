package main

import (
	"encoding/csv"
	"io"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query/remote"
)

// resultRows yields the samples of a result: the labels of the series, the time in
// milliseconds since 1970, and the value.
type resultRows func(row func(ls labels.Labels, at int64, value string))

// rowsOf returns the samples of a result.
func rowsOf(v parser.Value) resultRows {
	return func(row func(labels.Labels, int64, string)) {
		switch v := v.(type) {
		case promql.Vector:
			for _, s := range v {
				row(s.Metric, s.T, pointText(s.F, s.H))
			}
		case promql.Matrix:
			for _, s := range v {
				rowsOfSeries(s, row)
			}
		case promql.Scalar:
			row(labels.EmptyLabels(), v.T, number(v.V))
		case promql.String:
			row(labels.EmptyLabels(), v.T, v.V)
		}
	}
}

// rowsOfSeries passes on the samples of a series by time.
func rowsOfSeries(s promql.Series, row func(labels.Labels, int64, string)) {
	floats, histograms := s.Floats, s.Histograms
	for len(floats)+len(histograms) > 0 {
		if len(histograms) == 0 || len(floats) > 0 && floats[0].T < histograms[0].T {
			row(s.Metric, floats[0].T, number(floats[0].F))
			floats = floats[1:]
		} else {
			row(s.Metric, histograms[0].T, histograms[0].H.String())
			histograms = histograms[1:]
		}
	}
}

// rowsOfServer returns the samples of a server's result.
func rowsOfServer(v model.Value) resultRows {
	return func(row func(labels.Labels, int64, string)) {
		switch v := v.(type) {
		case model.Vector:
			for _, x := range v {
				row(labelsOfMetric(x.Metric), int64(x.Timestamp), remoteText(float64(x.Value), x.Histogram))
			}
		case model.Matrix:
			for _, x := range v {
				rowsOfServerSeries(x, row)
			}
		case *model.Scalar:
			row(labels.EmptyLabels(), int64(v.Timestamp), number(float64(v.Value)))
		case *model.String:
			row(labels.EmptyLabels(), int64(v.Timestamp), v.Value)
		}
	}
}

// rowsOfServerSeries passes on the samples of a server's series by time.
func rowsOfServerSeries(x *model.SampleStream, row func(labels.Labels, int64, string)) {
	ls := labelsOfMetric(x.Metric)
	floats, histograms := x.Values, x.Histograms
	for len(floats)+len(histograms) > 0 {
		if len(histograms) == 0 || len(floats) > 0 && floats[0].Timestamp < histograms[0].Timestamp {
			row(ls, int64(floats[0].Timestamp), number(float64(floats[0].Value)))
			floats = floats[1:]
		} else {
			row(ls, int64(histograms[0].Timestamp), remote.HistogramText(histograms[0].Histogram))
			histograms = histograms[1:]
		}
	}
}

// print prints a table with a line for each sample. On a narrow terminal, a series
// takes several lines.
func (rows resultRows) print(w io.Writer, zone *time.Location) error {
	var t queryTable
	t.add("SERIES", "TIME", "VALUE")
	rows(func(ls labels.Labels, at int64, value string) {
		t.add(safetext.Line(seriesText(ls)), formatTime(pcp.TimestampMilli(at), zone), safetext.Line(value))
	})
	return t.print(w, columnsOf(w))
}

// printCSV prints a line for each sample, with a column for the time, each label and
// the value.
func (rows resultRows) printCSV(w io.Writer, zone *time.Location) error {
	var table labelTable
	rows(func(ls labels.Labels, _ int64, _ string) { table.learn(ls) })
	cw := csv.NewWriter(w)
	if err := cw.Write(table.line([]string{"time"}, table.names(), "value")); err != nil {
		return err
	}
	var err error
	rows(func(ls labels.Labels, at int64, value string) {
		if err == nil {
			err = cw.Write(table.line([]string{csvTime(time.UnixMilli(at), zone)}, table.values(ls), value))
		}
	})
	if err != nil {
		return err
	}
	cw.Flush()
	return cw.Error()
}

// csvTime formats a time for spreadsheets and programs.
func csvTime(t time.Time, zone *time.Location) string {
	return t.In(zone).Format(time.RFC3339Nano)
}
