package redact

import (
	"context"
	"errors"
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/ctxio"
	"github.com/pcparchive/pcparchive/internal/manytext"
)

// ErrRemains reports that an original is left in the output.
var ErrRemains = errors.New("an original name remains in the output, which was removed")

// verify searches a written archive for every original: in all bytes of all files,
// decompressed, and in all texts. base is the path to read, shown the path to report.
func verify(ctx context.Context, base, shown string, rules *Rules, x *index) error {
	_, members, err := archive.Members(base)
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := verifyFile(ctx, m, shown+m.Path[len(base):], x); err != nil {
			return err
		}
	}
	r, err := archive.Open(base, nil)
	if err != nil {
		return err
	}
	c := &checker{index: x}
	e := &editor{changer: c, plan: newPlan(rules, r)}
	h := *r.Header()
	e.Header(&h)
	if err := walk(ctx, r, e, func() error { return c.err }); err != nil {
		return fmt.Errorf("%s: %w", shown, err)
	}
	return nil
}

// verifyFile searches the bytes of a file.
func verifyFile(ctx context.Context, m archive.Member, shown string, x *index) error {
	f, err := archive.OpenMember(m, nil)
	if err != nil {
		return err
	}
	defer f.Close()
	var found error
	err = x.finder.Stream(ctxio.NewReader(ctx, f.From(0)), func(m manytext.Match, around manytext.Around) bool {
		if m.To-m.From < leastRaw || x.fixed[m.Index] || !x.counts(m.Index, around) {
			return true
		}
		found = fmt.Errorf("%s: offset %d: %s: %w", shown, m.From, x.kinds[m.Index], ErrRemains)
		return false
	})
	return errors.Join(err, found)
}

// checker is a changer that searches texts for originals and changes nothing.
type checker struct {
	index *index
	err   error
}

func (c *checker) text(_ role, text string) string {
	c.bytes(role{}, []byte(text))
	return text
}

func (c *checker) bytes(_ role, b []byte) []byte {
	in(c.index, b, func(m manytext.Match) bool {
		c.err = fmt.Errorf("a text: %s: %w", c.index.kinds[m.Index], ErrRemains)
		return false
	})
	return b
}

func (c *checker) binary(b []byte) []byte { return c.bytes(role{}, b) }
