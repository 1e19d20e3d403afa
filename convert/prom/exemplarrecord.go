package prom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// ExemplarRecord returns the event record that keeps an exemplar in an archive.
// t is the time of its sample; the record has it if the exemplar has no time.
// value and labels number the metrics of the record's two parameters. The error
// wraps [pcp.ErrLimit] if the labels are longer than 16 KiB.
func ExemplarRecord(e *Exemplar, t pcp.Timestamp, value, labels pcp.PMID) (history.EventRecord, error) {
	text, err := exemplarText(e.Labels)
	if err != nil {
		return history.EventRecord{}, err
	}
	r := history.EventRecord{Stamp: t, Params: []history.EventParam{
		{PMID: value, Value: history.DoubleValue(pcp.InstNull, e.Value)},
		{PMID: labels, Value: history.Value{Inst: pcp.InstNull, Type: pcp.TypeString, Data: text}},
	}}
	if e.HasTime {
		r.Stamp, r.Flags = pcp.TimestampMilli(e.Time), history.EventPoint
	}
	return r, nil
}

// maxExemplarText is the maximum size of an exemplar's labels as JSON, in bytes.
// OpenMetrics allows 128 characters.
const maxExemplarText = 16 << 10

// exemplarText returns labels as a JSON object.
func exemplarText(labels []Label) ([]byte, error) {
	object := make(map[string]string, len(labels))
	for _, l := range labels {
		object[l.Name] = l.Value
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(object); err != nil {
		return nil, err
	}
	if b.Len() > maxExemplarText {
		return nil, fmt.Errorf("labels of %d bytes: %w", b.Len(), pcp.ErrLimit)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ExemplarOf returns the exemplar that an event record holds. The types of the
// parameters tell value and labels apart; ok is false if one of the two is
// missing or unreadable.
func ExemplarOf(r *history.EventRecord) (e Exemplar, ok bool) {
	var value, labels bool
	for i := range r.Params {
		switch p := &r.Params[i]; p.Value.Type {
		case pcp.TypeDouble:
			e.Value, value = math.Float64frombits(p.Value.Bits), true
		case pcp.TypeString:
			var object map[string]string
			text := strings.TrimRight(string(p.Value.Data), "\x00")
			if json.Unmarshal([]byte(text), &object) != nil {
				return e, false
			}
			for name, v := range object {
				if name != "" && v != "" {
					e.Labels = append(e.Labels, Label{name, v})
				}
			}
			labels = true
		}
	}
	slices.SortFunc(e.Labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	if r.Flags&history.EventPoint != 0 {
		e.Time, e.HasTime = r.Stamp.Milli(), true
	}
	return e, value && labels
}
