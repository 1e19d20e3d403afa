package browse

import (
	"context"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
)

// The limits of findings in a reply: of one code, and of all.
const (
	mostOfCode   = 20
	mostFindings = 500
)

// Checked is the reply of /api/check.
type Checked struct {
	Path     string    `json:"path"`
	Findings []Finding `json:"findings"`
	More     int       `json:"more"`    // findings left out
	Verdict  string    `json:"verdict"` // a sentence
	Seconds  float64   `json:"seconds"` // how long the check took
}

// Finding is a finding of a check.
type Finding struct {
	Code     finding.Code `json:"code"`
	Severity string       `json:"severity"` // error, warning or note
	File     string       `json:"file"`
	Offset   *int64       `json:"offset,omitempty"` // null if the finding is about no single record
	Message  string       `json:"message"`
}

// checker checks archives, one at a time because a check reads everything. It keeps its
// latest results.
type checker struct {
	busy chan struct{}

	mu   sync.Mutex
	kept map[*archive.State]*Checked
}

// mostKept is the number of results that a checker keeps.
const mostKept = 1000

func newChecker() *checker {
	return &checker{busy: make(chan struct{}, 1), kept: map[*archive.State]*Checked{}}
}

// check returns what a check of an archive finds. The result of a state is kept.
func (c *checker) check(ctx context.Context, base string, state *archive.State) (*Checked, error) {
	if known := c.known(state); known != nil {
		return known, nil
	}
	select {
	case c.busy <- struct{}{}:
		defer func() { <-c.busy }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if known := c.known(state); known != nil { // another request has asked the same
		return known, nil
	}
	done := checked(ctx, base)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= mostKept {
		clear(c.kept)
	}
	if state != nil {
		c.kept[state] = done
	}
	return done, nil
}

func (c *checker) known(state *archive.State) *Checked {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.kept[state]
}

// checked checks an archive.
func checked(ctx context.Context, base string) *Checked {
	begin := time.Now()
	done := &Checked{Path: base, Findings: []Finding{}}
	options := &check.Options{Limit: mostOfCode, Verdict: func(v check.Verdict) { done.Verdict = v.String() }}
	for f := range check.Archive(ctx, base, options) {
		if f.Omitted > 0 {
			done.More += f.Omitted
			continue
		}
		if len(done.Findings) == mostFindings {
			done.More++
			continue
		}
		one := Finding{Code: f.Code, Severity: f.Severity.String(), File: f.File, Message: f.Message}
		if f.Offset >= 0 {
			one.Offset = &f.Offset
		}
		done.Findings = append(done.Findings, one)
	}
	done.Seconds = time.Since(begin).Seconds()
	return done
}
