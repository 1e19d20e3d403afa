package serve

import (
	"github.com/pcparchive/pcparchive/serve/browse"
)

// Browse returns the current state, at moved times.
func (x source) Browse() (*browse.View, func()) {
	s := x.s
	st, clock, release := s.states.acquire()
	status := s.status(s.Summary())
	status.Taken, status.Moved = browse.Seconds(st.taken), clock != nil
	return &browse.View{Contents: st.contents, Move: clock.At(s.opts.now()), Status: status}, release
}

// status describes the server for pages.
func (s *Server) status(sum Summary) browse.Status {
	status := browse.Status{
		Version: s.opts.Version, Rescan: max(s.opts.Rescan.Seconds(), 0), Replay: s.opts.Replay, Hosts: []browse.Host{},
		Blocks: []browse.Block{}, Damage: []browse.Damage{}, Cache: s.cache(), Rules: s.rulesStatus(), Examples: []string{},
	}
	if !sum.Window.IsZero() {
		status.Window = &browse.Span{Start: browse.Seconds(sum.Window.Start), End: browse.Seconds(sum.Window.End)}
	}
	for _, b := range sum.Blocks {
		span := browse.Span{Start: float64(b.MinTime) / 1000, End: float64(b.MaxTime) / 1000}
		status.Blocks = append(status.Blocks, browse.Block{Path: b.Dir, Span: span, Series: b.Series, Bytes: b.Bytes})
	}
	for _, d := range sum.Damage {
		status.Damage = append(status.Damage, browse.Damage(d))
	}
	for _, e := range sum.Examples {
		status.Examples = append(status.Examples, e.Expr)
	}
	return status
}

// cache describes the cache. It returns nil without a cache.
func (s *Server) cache() *browse.Cache {
	dir := s.opts.Cache
	if dir == nil {
		return nil
	}
	c := &browse.Cache{Path: dir.Path(), Problems: []string{}}
	c.Entries, c.Bytes = dir.Usage()
	problems := dir.Damage()
	if fault := dir.Fault(); fault != nil {
		problems = append([]error{fault}, problems...)
	}
	for _, err := range problems {
		c.Problems = append(c.Problems, err.Error())
	}
	return c
}

// rulesStatus describes the rules. It returns nil without rule files.
func (s *Server) rulesStatus() *browse.Rules {
	_, clock, release := s.states.acquire()
	defer release()
	sum := s.ruler.summary(clock.At(s.opts.now()))
	if sum == nil {
		return nil
	}
	rules := &browse.Rules{Files: sum.Files, Read: browse.Seconds(sum.Read), Rules: make([]browse.Rule, 0, len(sum.Rules))}
	if !sum.Evaluated.IsZero() {
		rules.Evaluated, rules.Took = browse.Seconds(sum.Evaluated), sum.Took.Seconds()
		rules.Start, rules.End = browse.Seconds(sum.Start), browse.Seconds(sum.End)
	}
	if sum.Fault != nil {
		rules.Fault = sum.Fault.Error()
	}
	for _, r := range sum.Rules {
		line := browse.Rule{Group: r.Group, Name: r.Name, Alerting: r.Alerting, State: r.State}
		if r.Err != nil {
			line.Error = r.Err.Error()
		}
		rules.Rules = append(rules.Rules, line)
	}
	return rules
}
