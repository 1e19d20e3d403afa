package redact

import (
	"context"
	"errors"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// collector is a changer that learns originals and changes nothing.
type collector struct {
	secrets *secrets
	seen    map[role]map[string]bool
	known   int
}

func (c *collector) text(as role, text string) string {
	if c.isNew(as, text) {
		c.learn(as, text)
	}
	return text
}

func (c *collector) bytes(as role, b []byte) []byte {
	if !c.seen[as][string(b)] {
		c.text(as, string(b))
	}
	return b
}

func (c *collector) binary(b []byte) []byte { return b }

func (c *collector) learn(as role, text string) {
	if as.kind == KindNone {
		c.secrets.find(text, as.help)
		return
	}
	c.secrets.learn(as.kind, text, as.pid)
}

// isNew reports whether a text was not seen recently.
func (c *collector) isNew(as role, text string) bool {
	if c.seen[as][text] {
		return false
	}
	if c.known >= mostKnown {
		clear(c.seen)
		c.known = 0
	}
	if c.seen[as] == nil {
		c.seen[as] = map[string]bool{}
	}
	c.seen[as][text] = true
	c.known++
	return true
}

// collect reads an archive and adds its originals. Damage is no error: the copy lacks it.
func (c *collector) collect(ctx context.Context, r *archive.Reader, p *plan, fixed map[string]bool) error {
	fixedTexts(r, fixed)
	e := &editor{changer: c, plan: p, fixed: fixed}
	for _, m := range r.Members() {
		h := *r.Header()
		if own, err := m.Header(); err == nil {
			h = *own
		}
		e.Header(&h)
	}
	return walk(ctx, r, e, func() error { return c.secrets.full() })
}

// walk hands the records of an archive to an editor, and calls check once in a while.
func walk(ctx context.Context, r *archive.Reader, e *editor, check func() error) error {
	n := 0
	for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData} {
		if role == archive.RoleData && !e.plan.texts {
			break
		}
		for rec, err := range r.Records(role) {
			if n++; n%256 == 0 {
				if err := errors.Join(ctx.Err(), check()); err != nil {
					return err
				}
			}
			if err != nil {
				var damage *pcp.FormatError
				if errors.As(err, &damage) {
					continue
				}
				return err
			}
			if res, ok := rec.Record.(*archive.Result); ok {
				_, err = e.Result(res)
			} else if _, ok := rec.Record.(*archive.Mark); !ok {
				_, err = e.Meta(rec.Record)
			}
			if err != nil {
				return err
			}
		}
	}
	return check()
}
