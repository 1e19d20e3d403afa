package overview

import "slices"

// missing returns the rules that no archive has the metrics for.
func (t *Table) missing(tracks []*Track) (all []Missing) {
	if len(tracks) == 0 {
		return nil
	}
	foreign := t.foreign(tracks)
	for i, rule := range t.Rules {
		if slices.ContainsFunc(tracks, func(track *Track) bool {
			return !track.columns[t.source[i]].unfit && slices.ContainsFunc(rule.Sources(), func(s *Source) bool { return t.has(track, s) })
		}) {
			continue
		}
		all = append(all, Missing{rule, t.lacking(tracks, rule, foreign)})
	}
	return all
}

// has reports whether an archive has all metrics of a source.
func (t *Table) has(track *Track, s *Source) bool {
	return !slices.ContainsFunc(s.Needs, func(name string) bool { return track.seen[t.needs[name]] == absent })
}

// sourceIn returns the first source of a rule of which an archive has the metrics, else
// PCP's.
func (t *Table) sourceIn(rule *Rule, track *Track) *Source {
	for _, s := range rule.Sources() {
		if t.has(track, s) {
			return s
		}
	}
	return &rule.Source
}

// foreign reports whether archives have no rule's metrics under PCP's names, but under others.
func (t *Table) foreign(tracks []*Track) (found bool) {
	for _, track := range tracks {
		for _, rule := range t.Rules {
			if t.has(track, &rule.Source) {
				return false
			}
			found = found || slices.ContainsFunc(rule.Others, func(s *Source) bool { return t.has(track, s) })
		}
	}
	return found
}

// lacking returns the metrics that no archive has, of the source of which they have most.
func (t *Table) lacking(tracks []*Track, rule *Rule, foreign bool) (metrics []string) {
	share := -1.0
	sources := rule.Sources()
	if foreign {
		slices.Reverse(sources)
	}
	for _, s := range sources {
		var lacks []string
		for _, name := range s.Needs {
			if !slices.ContainsFunc(tracks, func(track *Track) bool { return track.seen[t.needs[name]] != absent }) {
				lacks = append(lacks, name)
			}
		}
		if has := 1 - float64(len(lacks))/float64(len(s.Needs)); has > share {
			share = has
			if metrics = lacks; len(lacks) == 0 {
				metrics = s.Needs // never together, or not as the rule wants them
			}
		}
	}
	return metrics
}
