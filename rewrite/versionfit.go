package rewrite

import (
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// versionFitter adapts records to the format version of the output.
type versionFitter struct {
	layout *wire.Layout
	losses lossCounter
	indoms map[pcp.InDomID]*meta.InDom // domains in force, if the version has no deltas
}

func newFitter(o Options, r *Report) (*versionFitter, error) {
	l, ok := wire.For(o.Version)
	if !ok {
		return nil, fmt.Errorf("%s: %w", o.Version, pcp.ErrVersion)
	}
	return &versionFitter{layout: l, losses: lossCounter{allowed: o.Lossy, report: r}, indoms: map[pcp.InDomID]*meta.InDom{}}, nil
}

// stamp returns t in the precision of the output. ok is false if the output cannot hold
// the time.
func (f *versionFitter) stamp(t pcp.Timestamp) (fit pcp.Timestamp, ok bool, err error) {
	if f.layout.Fits(t) {
		return t, true, nil
	}
	if !f.layout.Fits(pcp.Timestamp{Sec: t.Sec}) {
		return t, false, f.losses.lose(LossTime, "time %s", t)
	}
	err = f.losses.lose(LossFraction, "time %s has a fraction finer than %s stores", t, f.layout.Version)
	t.Nsec -= t.Nsec % f.layout.Tick
	return t, true, err
}

// header returns h without the fields that the output cannot hold.
func (f *versionFitter) header(h *archive.Header) (*archive.Header, error) {
	out, l := *h, f.layout
	out.Version = l.Version
	start, ok, err := f.stamp(h.Start)
	if err != nil {
		return nil, err
	}
	if !ok {
		start = pcp.Timestamp{} // pmlogextract writes zero for an unknown start
	}
	out.Start = start
	if l.ZoneInfo == 0 && h.ZoneInfo != "" {
		if err := f.losses.lose(LossZoneInfo, "zoneinfo %q", h.ZoneInfo); err != nil {
			return nil, err
		}
		out.ZoneInfo = ""
	}
	if !l.Features && h.Features != 0 {
		if err := f.losses.lose(LossFeatures, "feature bits 0x%x", h.Features); err != nil {
			return nil, err
		}
		out.Features = 0
	}
	for _, s := range []struct {
		text *string
		room int
	}{{&out.Host, l.HostSize}, {&out.Zone, l.ZoneSize}} {
		if len(*s.text) >= s.room {
			if err := f.losses.lose(LossString, "%q", *s.text); err != nil {
				return nil, err
			}
			*s.text = (*s.text)[:s.room-1]
		}
	}
	return &out, nil
}

// metaRecord returns a metadata record in the form of the output, or nil if the output
// cannot hold it. Deltas must come in the order in which they apply.
func (f *versionFitter) metaRecord(r archive.Record) (archive.Record, error) {
	switch rec := r.(type) {
	case *meta.InDom:
		return f.inDom(rec)
	case *meta.InDomDelta:
		if f.layout.Tags[pcp.KindInDomDelta] != 0 {
			out := *rec
			return f.stamped(&out, &out.Stamp)
		}
		before, ok := f.indoms[rec.ID]
		if !ok {
			before = &meta.InDom{}
		}
		return f.inDom(before.Apply(rec))
	case *meta.Labels:
		out := *rec
		return f.stamped(&out, &out.Stamp)
	}
	return r, nil
}

// stamped returns a record whose time is at in the precision of the output, or nil if the
// output cannot hold the time.
func (f *versionFitter) stamped(r archive.Record, at *pcp.Timestamp) (archive.Record, error) {
	t, ok, err := f.stamp(*at)
	if err != nil || !ok {
		return nil, err
	}
	*at = t
	return r, nil
}

func (f *versionFitter) inDom(in *meta.InDom) (archive.Record, error) {
	expand := f.layout.Tags[pcp.KindInDomDelta] == 0
	if expand {
		if len(in.Instances) == 0 && f.indoms[in.ID] != nil {
			return nil, f.losses.lose(LossEmpty, "instance domain %s at %s", in.ID, in.Stamp)
		}
		f.indoms[in.ID] = in
	}
	out := *in
	return f.stamped(&out, &out.Stamp)
}
