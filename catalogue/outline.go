package catalogue

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/pcparchive/pcparchive/internal/cachedir"
	"github.com/pcparchive/pcparchive/internal/varcodec"
	"github.com/pcparchive/pcparchive/pcp"
)

// Question selects the parts of an [Outline].
type Question struct {
	Label   string // list the values of this label; "" lists none
	Metrics bool   // list the metrics
	Help    bool   // the metrics need their long help
}

// Outline says what series there are, without listing them.
type Outline struct {
	LabelNames []string     // sorted
	Values     []string     // of the label in question, sorted
	Metrics    []HostMetric // as [Selection.Metrics] returns them
	Series     int          // number of series, see [Selection.Len]
	Unsure     []string     // see [Selection.Unsure]
	Clashes    []string     // sentences about names that several hosts use
}

// Outline returns the outline of a Selection.
func (s *Selection) Outline(q Question) *Outline {
	o := &Outline{LabelNames: s.LabelNames(), Series: s.Len(), Unsure: s.Unsure(), Clashes: s.Clashes().Lines()}
	if q.Label != "" {
		o.Values = s.LabelValues(q.Label)
	}
	if q.Metrics {
		o.Metrics = s.Metrics()
	}
	return o
}

// Outline returns the outline of all series of the archives. The cache folder keeps it, so
// that the same question about the same archives need not read all descriptions again. It
// does not keep the outline of damaged metadata.
func (v *View) Outline(ctx context.Context, q Question) (*Outline, error) {
	if v.c.opts.Cache == nil {
		s, err := v.Select(ctx, pcp.Timestamp{}, pcp.Timestamp{})
		if err != nil {
			return nil, err
		}
		return s.Outline(q), nil
	}
	key, state := v.outlineKey(q)
	if o := v.recallOutline(key, state); o != nil {
		return o, ctx.Err()
	}
	s, err := v.Select(ctx, pcp.Timestamp{}, pcp.Timestamp{})
	if err != nil {
		return nil, err
	}
	o := s.Outline(q)
	if v.sound() {
		v.keepOutline(key, state, o, q.Help)
	}
	return o, nil
}

// every returns the archives of each host.
func (v *View) every() [][]archived {
	all := make([][]archived, len(v.sets))
	for i := range v.sets {
		all[i] = v.within(i, pcp.MinTime, pcp.MaxTime, nil)
	}
	return all
}

// outlineKey returns the key of an outline, which depends on the folders of the archives,
// and the state of the archives' metadata. The outline of another state replaces it.
func (v *View) outlineKey(q Question) (key cachedir.Key, state digest) {
	names, states := [][]byte{[]byte(outlineKind.Name), []byte(q.Label), {flag(q.Metrics), flag(q.Help)}}, []byte{}
	for i, all := range v.every() {
		states = varcodec.AppendText(states, v.hosts[i].name)
		names = append(names, []byte(v.hosts[i].name))
		var folders []string
		for _, a := range all {
			states = varcodec.AppendText(varcodec.AppendText(states, a.Base), string(a.key))
			if folder := filepath.Dir(a.Base); !slices.Contains(folders, folder) {
				folders = append(folders, folder)
				names = append(names, []byte(folder))
			}
		}
	}
	return cachedir.DerivedKey(names...), sum(states)
}

// sound reports whether all archives could be read and their metadata have no damage.
func (v *View) sound() bool {
	all := v.every()
	v.t.mu.RLock()
	defer v.t.mu.RUnlock()
	for _, archives := range all {
		if slices.ContainsFunc(archives, func(a archived) bool { return !a.part.sound }) {
			return false
		}
	}
	return true
}
