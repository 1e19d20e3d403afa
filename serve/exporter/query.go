package exporter

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/glob"
	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// Query says which values a page has and how it shows them.
type Query struct {
	Subjects []instant.Subject
	At       pcp.Timestamp // in the times of the archives
	names    []string      // metrics and subtrees; empty: all
	filter   glob.Patterns // metrics to leave out
	series   [][]*labels.Matcher
	times    bool
	pcp5     bool
	style    naming.Style
	instID   bool
	optional bool
	strings  bool
	format   format

	key string // identifies what the page shows, but not of which instant
}

// ParseQuery returns the query that parameters describe.
func ParseQuery(ctx context.Context, v *View, form url.Values, now time.Time) (*Query, error) {
	sets, err := Hosts(v, form)
	if err != nil {
		return nil, err
	}
	q := &Query{}
	for _, set := range sets {
		q.Subjects = append(q.Subjects, instant.Host(set))
	}
	if q.At, err = ParseTime(v, store.Until(sets, ctx.Err), form, now); err != nil {
		return nil, err
	}
	return q, q.Parse(form)
}

// Parse reads the parameters that say what a page shows of its subjects.
func (q *Query) Parse(form url.Values) error {
	q.names = List(First(form, "names", "name", "prefix", "target"))
	mode := glob.Glob
	var err error
	if text := form.Get("match"); text != "" {
		if mode, err = glob.ParseMode(text); err != nil {
			return Refusal("%s - invalid 'match' parameter value", text)
		}
	}
	if q.filter, err = glob.New(mode, List(form.Get("filter"))); err != nil {
		return Refusal("filter: %v", err)
	}
	if q.series, err = parser.NewParser(parser.Options{}).ParseMetricSelectors(form["match[]"]); err != nil {
		return Refusal("match[]: %v", err)
	}
	if text := form.Get("style"); text != "" {
		if err := q.style.Set(text); err != nil {
			return Refusal("style: %v", err)
		}
	}
	q.times, q.pcp5 = form.Get("times") == "true", form.Get("pcp5") == "true"
	q.instID = form.Get("instid") == "true" || q.pcp5
	q.optional = form.Get("optional-labels") == "true"
	q.strings = form.Get("strings") == "info"
	q.setKey(form)
	return nil
}

// PCP5 makes the page have "# PCP5" lines, and numbers of instances.
func (q *Query) PCP5() { q.pcp5, q.instID = true, true }

// setKey identifies the query.
func (q *Query) setKey(form url.Values) {
	parts := []string{strings.Join(q.names, ","), form.Get("match"), form.Get("filter"), strconv.Itoa(int(q.style)), strconv.Itoa(len(q.series))}
	for _, on := range []bool{q.times, q.instID, q.optional, q.strings} {
		parts = append(parts, strconv.FormatBool(on))
	}
	parts = append(parts, form["match[]"]...)
	for _, s := range q.Subjects {
		parts = append(parts, s.Host(), s.Base())
	}
	for i, p := range parts {
		parts[i] = strconv.Quote(p)
	}
	q.key = strings.Join(parts, " ")
}

// First returns the first value of the first parameter that is given, "" if there is none.
func First(form url.Values, names ...string) string {
	for _, name := range names {
		if text := form.Get(name); text != "" {
			return text
		}
	}
	return ""
}

// List returns the items of a list with commas. An empty list has none.
func List(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

// Hosts returns the archives of the hosts that the parameters name, or of all hosts.
func Hosts(v *View, form url.Values) ([]*store.Set, error) {
	var named []*store.Set
	given := false
	for _, name := range []string{"host", "hostspec", "hostname"} {
		for _, text := range form[name] {
			specs := []string{text} // with commas between ports
			if name == "host" {
				specs = List(text)
			}
			for _, spec := range specs {
				given = true
				set, err := Host(v, spec)
				if err != nil {
					return nil, err
				}
				if !slices.Contains(named, set) {
					named = append(named, set)
				}
			}
		}
	}
	if !given {
		return v.Sets, nil
	}
	return named, nil
}

// mostHosts is the number of hosts that a message lists.
const mostHosts = 10

// Host returns the archives of the host that a host specification of PCP names. The
// machine itself, as localhost, stands for the only host.
func Host(v *View, spec string) (*store.Set, error) {
	name := hostOf(spec)
	for _, set := range v.Sets {
		if strings.EqualFold(set.Host(), name) {
			return set, nil
		}
	}
	if isLocal(name) && len(v.Sets) == 1 {
		return v.Sets[0], nil
	}
	if len(v.Sets) == 0 {
		return nil, Refusal("no archives of host %s: there are no archives", spec)
	}
	hosts := make([]string, 0, mostHosts+1)
	for i, set := range v.Sets {
		if i == mostHosts {
			hosts = append(hosts, "…")
			break
		}
		hosts = append(hosts, set.Host())
	}
	return nil, Refusal("no archives of host %s: choose one of %s", spec, strings.Join(hosts, ", "))
}

// hostOf returns the name in a host specification, such as "pcp://web1:44321?container=x".
func hostOf(spec string) string {
	if _, rest, ok := strings.Cut(spec, "://"); ok {
		spec = rest
	}
	spec, _, _ = strings.Cut(spec, "?")
	spec, _, _ = strings.Cut(spec, "@") // a proxy follows
	if host, port, ok := strings.Cut(spec, ":"); ok && (port == "" || strings.Trim(port, "0123456789,") == "") {
		return host
	}
	return spec
}

// isLocal reports whether a host is the machine itself.
func isLocal(name string) bool {
	return name == "" || name == "local" || name == "unix" || strings.HasPrefix(name, "localhost") || strings.HasPrefix(name, "127.") || name == "::1" || name == "[::1]"
}

// ParseTime returns the instant that the parameter time names, in the times of the archives.
func ParseTime(v *View, sets []*store.Set, form url.Values, now time.Time) (pcp.Timestamp, error) {
	text := form.Get("time")
	if text == "" {
		return v.Instant(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return v.Back(pcp.TimestampOf(t)), nil
	}
	w := timespec.Window{Zone: time.UTC, Now: now, Epoch: true, End: func() (pcp.Timestamp, error) { return pcp.TimestampOf(now), nil }}
	if len(sets) > 0 {
		w.Zone = sets[0].Location()
		w.First = v.Forth(sets[0].Header().Start)
		w.Start = w.First
		w.End = func() (pcp.Timestamp, error) {
			end, err := sets[0].Ending()
			return v.Forth(end), err
		}
	}
	t, err := w.Parse(text)
	if err != nil {
		return t, Refusal("time: %v", err)
	}
	return v.Back(t), nil
}
