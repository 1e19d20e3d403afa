package instant

import (
	"slices"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// recorded are the values of a metric at an instant as records have them, without
// metadata. It does not change.
type recorded struct {
	desc   *meta.Desc
	metric *history.Metric // as of the last record
	err    pcp.Errno
	origin bool // the metric came from Prometheus
	indom  *meta.InDom
	values []recordedValue
	last   []pcp.InstID // instances of the last record with values
}

// recordedValue is a value with the time of its record.
type recordedValue struct {
	inst  pcp.InstID
	value history.Value
	stamp pcp.Timestamp
}

// first returns the values of a metric in one record.
func first(mv *history.MetricValues, t pcp.Timestamp) *recorded {
	r := &recorded{desc: mv.Metric.Desc, metric: mv.Metric, err: mv.Err, indom: mv.InDom}
	_, r.origin = mv.Metric.Labels[labelset.AtItem].Lookup(naming.LabelFamily)
	if mv.Err < 0 {
		return r
	}
	r.values = make([]recordedValue, 0, len(mv.Points))
	for i := range mv.Points {
		r.values = append(r.values, valueOf(r.desc, &mv.Points[i], t))
	}
	r.last = r.instances()
	return r
}

// valueOf copies the value of a point.
func valueOf(d *meta.Desc, p *history.Point, t pcp.Timestamp) recordedValue {
	v := recordedValue{instanceOf(d, p), p.Value, t}
	if v.value.Data != nil {
		v.value.Data = slices.Clone(v.value.Data)
	}
	return v
}

// instanceOf returns the instance of a point. That which a record has for a singular
// metric means nothing.
func instanceOf(d *meta.Desc, p *history.Point) pcp.InstID {
	if d.InDom == pcp.InDomNull {
		return pcp.InstNull
	}
	return p.Value.Inst
}

func (r *recorded) instances() []pcp.InstID {
	ids := make([]pcp.InstID, len(r.values))
	for i, v := range r.values {
		ids[i] = v.inst
	}
	return ids
}

// then returns the values after a later record. r may be nil.
func (r *recorded) then(mv *history.MetricValues, t pcp.Timestamp) *recorded {
	next := first(mv, t)
	if r == nil || next.err < 0 || next.desc.InDom == pcp.InDomNull || r.desc.Conflict(next.desc) != "" {
		return next
	}
	present := idSet(next.last)
	together := !next.origin && slices.ContainsFunc(r.last, func(id pcp.InstID) bool { return present[id] })
	before := idSet(r.last)
	for _, v := range r.values {
		if present[v.inst] || together && before[v.inst] || left(r.indom, next.indom, v.inst) {
			continue
		}
		next.values = append(next.values, v)
	}
	if len(next.last) == 0 { // a record without values shows no logging group
		next.last = r.last
	}
	return next
}

func idSet(ids []pcp.InstID) map[pcp.InstID]bool {
	set := make(map[pcp.InstID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// left reports whether an instance left a domain after a record: a later version of the
// domain lacks it. The version of the record itself may lack it, too, because loggers fetch a
// domain after the values. An unknown domain may have any instance.
func left(then, now *meta.InDom, id pcp.InstID) bool {
	if now == nil || then != nil && then.ID == now.ID && then.Stamp == now.Stamp {
		return false
	}
	_, ok := now.Lookup(id)
	return !ok
}
