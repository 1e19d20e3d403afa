package serve

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/ruleeval"
	"github.com/pcparchive/pcparchive/serve/blocks"
	"github.com/pcparchive/pcparchive/serve/browse"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// state holds the contents of the server's paths at one moment. It does not change.
// Requests hold the state that they began with.
type state struct {
	hosts  *store.Hosts // nil if there is no archive
	blocks *blocks.Set
	engine *query.Engine
	failed []Damage // paths without an archive that can be read
	lines  []HostLine
	window Window
	taken  time.Time

	users    int // the server and its requests; guarded by states.mu
	catalog  func() catalog
	contents *browse.Contents
	views    func() seriesViews
}

// Window is a span of time, both ends inclusive. The zero value means that there are no
// data.
type Window struct{ Start, End time.Time }

// IsZero reports whether there are no data.
func (w Window) IsZero() bool { return w.End.IsZero() }

// Duration returns the length.
func (w Window) Duration() time.Duration { return w.End.Sub(w.Start) }

// recent returns the window, or its last day if it is longer than a month: a page
// cannot show years at once.
func (w Window) recent() Window {
	const month, day = 31 * 24 * time.Hour, 24 * time.Hour
	if w.Duration() > month {
		w.Start = w.End.Add(-day)
	}
	return w
}

// including returns the smallest window that includes both.
func (w Window) including(o Window) Window {
	switch {
	case w.IsZero():
		return o
	case o.IsZero():
		return w
	}
	if o.Start.Before(w.Start) {
		w.Start = o.Start
	}
	if o.End.After(w.End) {
		w.End = o.End
	}
	return w
}

// moved returns the window at the times that clients see.
func (w Window) moved(m timeshift.Move) Window {
	if w.IsZero() || m == timeshift.None {
		return w
	}
	end := min(w.End.UnixMilli(), m.Until)
	return Window{time.UnixMilli(m.Forth(w.Start.UnixMilli())).UTC(), time.UnixMilli(m.Forth(end)).UTC()}
}

// HostLine describes the archives of a host.
type HostLine struct {
	Host     string
	Window   Window
	Archives int
}

// openState opens the archives and blocks at the paths. It reuses unchanged parts of
// former, which may be nil. changed is false, and next nil, if nothing differs from former.
func openState(ctx context.Context, o Options, former *state) (next *state, changed bool, err error) {
	s := &state{taken: o.now()}
	if former == nil {
		former = &state{}
		changed = true
	}
	more, err := s.openHosts(ctx, o, former)
	if err != nil {
		return nil, false, err
	}
	s.blocks = blocks.Open(o.Paths, former.blocks)
	changed = changed || more || !slices.Equal(s.failed, former.failed) || !s.blocks.Same(former.blocks)
	if !changed {
		return nil, false, s.blocks.Close()
	}
	s.engine = former.engine
	if more || s.engine == nil {
		s.engine = query.NewEngine(s.sets(), o.Query)
	}
	s.describe()
	s.catalog = sync.OnceValue(s.findNames)
	s.contents = browse.NewContents(s.sets(), o.Query.Catalogue)
	return s, true, nil
}

// openHosts opens the archives that the paths name. s.hosts stays nil if there is none.
// changed reports whether they differ from those of former.
func (s *state) openHosts(ctx context.Context, o Options, former *state) (changed bool, err error) {
	if former.hosts != nil && len(former.failed) == 0 {
		next, changed, err := former.hosts.Refresh(ctx)
		if err == nil {
			s.hosts = next
			return changed, nil
		}
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	var there []string
	for _, path := range o.Paths {
		if store.Exists(path) {
			there = append(there, path)
		} else {
			s.failed = append(s.failed, Damage{path, fmt.Sprintf("%s: no archive or folder any more", path)})
		}
	}
	if len(there) > 0 {
		s.hosts, err = store.OpenRemembering(there, nil, o.Cache)
		if err != nil && !errors.As(err, new(*store.NotArchiveError)) { // folders may stay empty
			s.failed = append(s.failed, Damage{there[0], err.Error()})
		}
	}
	return s.hosts != nil || former.hosts != nil, nil
}

// sets returns the archives by host.
func (s *state) sets() []*store.Set {
	if s.hosts == nil {
		return nil
	}
	return s.hosts.Sets()
}

// describe finds out the windows of the hosts and of everything.
func (s *state) describe() {
	for _, set := range s.sets() {
		line := HostLine{Host: set.Host(), Archives: len(set.Archives())}
		if end, err := set.Ending(); err == nil {
			line.Window = Window{set.Header().Start.Time().UTC(), end.Time().UTC()}
		}
		s.window = s.window.including(line.Window)
		s.lines = append(s.lines, line)
	}
	for _, b := range s.blocks.Blocks() {
		s.window = s.window.including(Window{pcp.TimestampMilli(b.MinTime).Time().UTC(), pcp.TimestampMilli(b.MaxTime - 1).Time().UTC()})
	}
}

// archives returns the number of archives.
func (s *state) archives() (n int) {
	for _, line := range s.lines {
		n += line.Archives
	}
	return n
}

// Damage is an archive, a block or a folder that cannot be read, or not completely.
type Damage struct {
	Path   string
	Reason string
}

// damage lists the damage known so far; reading archives may add to it.
func (s *state) damage() []Damage {
	var all []Damage
	add := func(path, reason string) {
		d := Damage{path, reason}
		if !slices.Contains(all, d) {
			all = append(all, d)
		}
	}
	all = append(all, s.failed...)
	if s.hosts != nil {
		for _, p := range s.hosts.Problems() {
			if !p.Tail { // the host's last archive is still being written
				add(p.Archive, p.String())
			}
		}
	}
	for _, w := range s.blocks.Failed() {
		add(w.Dir, w.Error())
	}
	return all
}

// damaged returns the number of archives, blocks and folders that are damaged.
func (s *state) damaged() int {
	paths := map[string]bool{}
	for _, d := range s.damage() {
		paths[d.Path] = true
	}
	return len(paths)
}

// view returns the storage of a request: the archives, the blocks and the results of
// rules, at moved times. rules may be nil.
func (s *state) view(m timeshift.Move, maxSamples int, rules *ruleeval.Result) query.View {
	return func(archives storage.Queryable) storage.Queryable {
		return timeshift.Queryable(withRules(rules, s.blocks.Beside(archives, maxSamples)), m)
	}
}

// states has the current state and counts its users.
type states struct {
	mu      sync.Mutex
	current *state // nil before the first
	clock   *timeshift.Clock
}

// acquire returns the current state and the Clock. The caller calls release once.
func (c *states) acquire() (s *state, clock *timeshift.Clock, release func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s = c.current
	s.users++
	return s, c.clock, sync.OnceFunc(func() { c.leave(s) })
}

// leave ends one use of a state.
func (c *states) leave(s *state) {
	c.mu.Lock()
	s.users--
	last := s.users == 0
	c.mu.Unlock()
	if last {
		_ = s.blocks.Close() // unmapping files that are only read does not fail
	}
}

// set replaces the current state.
func (c *states) set(next *state, clock *timeshift.Clock) {
	c.mu.Lock()
	former := c.current
	next.users++
	c.current, c.clock = next, clock
	c.mu.Unlock()
	if former != nil {
		c.leave(former)
	}
}
