package archive

import (
	"cmp"
	"errors"
	"io"

	"github.com/pcparchive/pcparchive/pcp"
)

// recordsFrom yields what RecordsFrom does.
func (r *Reader) recordsFrom(from pcp.Timestamp, yield func(Located, error) bool) error {
	volumes, offset := r.start(from)
	c := &copying{r: r, rd: resultDecoder{layout: r.layout}, yield: yield}
	c.line = timeline{use: c.use, drop: c.drop}
	r.begin(&c.line, volumes, offset)
	for _, m := range volumes {
		if err := c.volume(m, offset); err != nil {
			if errors.Is(err, errStop) {
				return err
			}
			return cmp.Or(c.line.flush(), err)
		}
		offset = 0
	}
	return c.line.flush(r.boundOf(&c.line)...)
}

// copying is a pass over records as stored.
type copying struct {
	r     *Reader
	m     Member // being read
	rd    resultDecoder
	line  timeline
	yield func(Located, error) bool
}

func (c *copying) volume(m Member, offset int64) error {
	c.m = m
	s, err := c.r.volumeFrom(m, offset, func(d *Damage) error {
		if c.line.lose(d) {
			return nil
		}
		return c.damaged(d)
	})
	if err != nil || s == nil {
		return err
	}
	defer s.f.Close()
	for {
		frame, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		a := c.r.arriving(s, frame)
		next, known := s.frames.following(c.r.layout)
		if s.strict {
			err = c.use(&a)
		} else {
			err = c.line.add(&a, next, known)
		}
		if err != nil {
			return err
		}
	}
}

// use yields a record, and the damage after it.
func (c *copying) use(a *arrival) error {
	rec, err := dataRecord(c.rd.decode(a.payload))
	switch {
	case err == nil && !c.yield(Located{Pos: a.pos, Size: a.size, Record: rec}, nil):
		return errStop
	case err != nil:
		if err = locate(err, a.pos, 4); a.src.strict || !isDamage(err) {
			return err
		}
		if err := c.damaged(a.damage(err)); err != nil {
			return err
		}
	}
	return c.losses(a)
}

// drop yields the damage of a record, and the damage after it.
func (c *copying) drop(a *arrival, next pcp.Timestamp) error {
	if err := c.damaged(a.timeDamage(next)); err != nil {
		return err
	}
	return c.losses(a)
}

func (c *copying) losses(a *arrival) error {
	for _, d := range a.lost {
		if err := c.damaged(d); err != nil {
			return err
		}
	}
	return nil
}

// damaged yields damage. Of a record that waited, the volume may be the one before c.m.
func (c *copying) damaged(d *Damage) error { return yieldDamage(c.r, c.m, c.yield)(d) }
