package edit

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite/rules"
)

// Options configure a plan.
type Options struct {
	// Version is the format version of the output. Zero means that of the input.
	Version pcp.Version
	// Rescale converts the values of metrics whose units change their scale, as if each
	// clause had the keyword RESCALE.
	Rescale bool
}

// Plan is what rules change in one archive. It has one owner.
type Plan struct {
	store   *meta.Store
	header  *archive.Header // the input's
	edited  archive.Header  // host, zone, zoneinfo and features of the output
	shift   time.Duration
	metrics map[pcp.PMID]*metric // those that change
	indoms  map[pcp.InDomID]*indom
	texts   map[textKey]*text
	labels  labels

	values  bool // data records change, apart from their times
	params  bool // parameters of event records change
	sets    []archive.ValueSet
	scratch []history.Value // memory for changed values
	records []archive.Record

	changes  []Change
	warnings []Warning
}

// RuleError reports a rule that contradicts another one or the archive.
type RuleError struct {
	Pos    rules.Pos
	Reason string
}

// Error returns position and reason.
func (e *RuleError) Error() string { return e.Pos.String() + ": " + e.Reason }

// Warning reports a rule or clause that changes nothing.
type Warning struct {
	Pos    rules.Pos
	Reason string
}

// String returns position and reason.
func (w Warning) String() string { return w.Pos.String() + ": " + w.Reason }

// Change is one change of a plan.
type Change struct {
	Kind string `json:"kind"` // archive, metric, indom, instance, text or label
	Name string `json:"name"` // what changes: for a metric its name and PMID
	What string `json:"what"` // the property that changes
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Changes returns what the rules change, in the order of kinds and names.
func (p *Plan) Changes() []Change { return p.changes }

// Warnings returns the rules and clauses that change nothing, in the order of the rules.
func (p *Plan) Warnings() []Warning { return p.warnings }

// binder makes a Plan.
type binder struct {
	*Plan
	o    Options
	errs []error
	// names are the new names of metrics, to find two equal ones.
	names map[string]rules.Pos
	// globals are the positions of the clauses for the archive.
	globals map[string]rules.Pos
}

// New returns what the rules change in an archive. Errors are joined; each is a *RuleError.
func New(all []rules.Rule, in *archive.Reader, o Options) (*Plan, error) {
	p := &Plan{
		store: in.Meta(), header: in.Header(), edited: *in.Header(),
		metrics: map[pcp.PMID]*metric{}, indoms: map[pcp.InDomID]*indom{}, texts: map[textKey]*text{},
	}
	if o.Version == 0 {
		o.Version = p.header.Version
	}
	b := &binder{Plan: p, o: o, names: map[string]rules.Pos{}, globals: map[string]rules.Pos{}}
	for _, r := range all {
		switch r := r.(type) {
		case *rules.Global:
			b.global(r)
		case *rules.InDom:
			b.indomRule(r)
		case *rules.Metric:
			b.metricRule(r)
		}
	}
	b.link()
	b.checkMetrics()
	for _, r := range all {
		if r, ok := r.(*rules.Text); ok {
			b.textRule(r)
		}
	}
	b.bindLabels(all)
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	b.finish()
	return p, nil
}

func (b *binder) fail(pos rules.Pos, format string, args ...any) {
	err := &RuleError{pos, fmt.Sprintf(format, args...)}
	if !slices.ContainsFunc(b.errs, func(other error) bool { return other.Error() == err.Error() }) {
		b.errs = append(b.errs, err)
	}
}

func (b *binder) warn(pos rules.Pos, format string, args ...any) {
	b.warnings = append(b.warnings, Warning{pos, fmt.Sprintf(format, args...)})
}

// once records that a clause changes a property, in the positions of earlier clauses. It
// reports a second clause for the same property.
func (b *binder) once(set map[string]rules.Pos, pos rules.Pos, what, of string) bool {
	if first, ok := set[what]; ok {
		b.fail(pos, "the %s of %s is changed twice, first at %s", what, of, first)
		return false
	}
	set[what] = pos
	return true
}

// finish completes the plan after all rules are bound.
func (b *binder) finish() {
	for _, m := range b.metrics {
		b.values = b.values || m.changesValues()
		b.params = b.params || m.remove || m.pmid != m.old.PMID
	}
	b.params = b.params && b.hasEvents()
	b.listChanges()
}

// hasEvents reports whether the archive has metrics of event records.
func (b *binder) hasEvents() bool {
	for d := range b.store.Metrics() {
		if d.Type == pcp.TypeEvent || d.Type == pcp.TypeHighResEvent {
			return true
		}
	}
	return false
}

// moved returns a time after the shift of all times.
func (p *Plan) moved(t pcp.Timestamp) pcp.Timestamp {
	if p.shift == 0 {
		return t
	}
	return t.Add(p.shift)
}

// Header sets host, zone, zoneinfo, features and start of a file's label.
func (p *Plan) Header(h *archive.Header) {
	h.Start = p.moved(h.Start)
	if p.edited.Host != p.header.Host {
		h.Host = p.edited.Host
	}
	if p.edited.Zone != p.header.Zone {
		h.Zone = p.edited.Zone
	}
	if p.edited.ZoneInfo != p.header.ZoneInfo {
		h.ZoneInfo = p.edited.ZoneInfo
	}
	if p.edited.Features != p.header.Features {
		h.Features = p.edited.Features
	}
}

// Meta returns the records to write in place of a metadata record.
func (p *Plan) Meta(r archive.Record) ([]archive.Record, error) {
	p.records = p.records[:0]
	var err error
	switch r := r.(type) {
	case *meta.Desc:
		p.descRecord(r)
	case *meta.InDom:
		p.inDomRecord(r)
	case *meta.InDomDelta:
		p.deltaRecord(r)
	case *meta.Labels:
		err = p.labelRecord(r)
	case *meta.Text:
		p.textRecord(r)
	default:
		p.emit(r)
	}
	return p.records, err
}

func (p *Plan) emit(r archive.Record) { p.records = append(p.records, r) }
