package rewrite

import (
	"errors"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// set reports whether to keep a value set. It removes values that are not selected from
// the set and writes the metadata that the metric needs.
func (c *composer) set(s *input, set *archive.ValueSet, t pcp.Timestamp) (keep bool, err error) {
	m := s.metric(set.PMID, &c.o)
	if !m.wanted || m.desc == nil {
		return m.wanted, nil
	}
	if !s.res.Stamp.Before(m.until) || s.res.Stamp.Before(m.since) || m.until.IsZero() {
		m.resolve(s.r.Meta(), s.res.Stamp)
	}
	if len(c.o.Labels) > 0 || len(m.lists) > 0 {
		if keep, err := c.values(m, set); err != nil || !keep {
			return false, err
		}
	}
	if err := c.define(s, m, t); err != nil || !m.wanted {
		return false, err
	}
	if len(set.Values) > 0 && m.indom != nil && c.indoms[m.indom.ID] != m.indom {
		in := *m.indom
		in.Stamp = t
		if err := c.a.SetInDom(&in); err != nil {
			return false, err
		}
		c.indoms[in.ID] = m.indom
	}
	if m.desc.Type == pcp.TypeEvent || m.desc.Type == pcp.TypeHighResEvent {
		return true, c.events(s, set, t)
	}
	return true, nil
}

// values removes the values that the matchers do not select from a set. keep is false if
// none remains.
func (c *composer) values(m *inputMetric, set *archive.ValueSet) (keep bool, err error) {
	if len(set.Values) == 0 {
		return m.selects(pcp.InstNull, c.o.Labels)
	}
	start := len(c.kept)
	for _, v := range set.Values {
		ok, err := m.selects(v.Inst, c.o.Labels)
		if err != nil {
			return false, err
		}
		if ok {
			c.kept = append(c.kept, v)
		}
	}
	set.Values = c.kept[start:]
	return len(set.Values) > 0, nil
}

// define writes the metadata that a metric needs. It drops a metric that contradicts a
// metric of an earlier archive.
func (c *composer) define(s *input, m *inputMetric, t pcp.Timestamp) error {
	if m.defined && m.fresh {
		return nil
	}
	if !m.defined {
		if err := c.checkRenamed(m.desc); err != nil {
			return err
		}
	}
	err := m.define(c.a, s.r.Meta(), t)
	if errors.Is(err, pcp.ErrMismatch) {
		m.wanted = false
		return c.fit.losses.lose(LossMetric, "%w", err)
	}
	return err
}

// checkRenamed rejects a metric that had other names in an earlier archive, as
// pmlogextract's merge does: a reader would find the values of one name under the other. If
// the loss is allowed, all values get all names.
func (c *composer) checkRenamed(d *meta.Desc) error {
	first, ok := c.descs[d.PMID]
	if !ok {
		c.descs[d.PMID] = d
		return nil
	}
	if first.SameNames(d) {
		return nil
	}
	return c.fit.losses.lose(LossRename, "metric %s: name changed from %s to %s: %w",
		d.PMID, strings.Join(first.Names, ", "), strings.Join(d.Names, ", "), pcp.ErrMismatch)
}

// events defines the metrics that are parameters of event records, because readers need
// their descriptors. It skips values that are not event arrays.
func (c *composer) events(s *input, set *archive.ValueSet, t pcp.Timestamp) error {
	for _, v := range set.Values {
		events, err := v.Events()
		if err != nil {
			continue
		}
		for i := range events {
			for _, p := range events[i].Params {
				if m := s.metric(p.PMID, &c.o); m.desc != nil {
					if m.until.IsZero() {
						m.resolve(s.r.Meta(), s.res.Stamp)
					}
					if err := c.define(s, m, t); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}
