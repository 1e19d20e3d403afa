package write

import (
	"errors"
	"fmt"
	"math"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// openWindow writes the open window and opens the window of t.
func (b *Blocks) openWindow(s *prom.Series, t int64) error {
	if b.err != nil {
		return b.err
	}
	if b.window == 0 || t < math.MinInt64+b.window || t > math.MaxInt64-b.window {
		return b.fail(fmt.Errorf("%s: time %d is out of range", labelsOf(s), t))
	}
	if b.hasWindow() && t < b.start {
		return &OrderError{Series: labelsOf(s).String(), Time: t, Last: b.start, Window: true}
	}
	if err := b.writeWindow(); err != nil {
		return b.fail(err)
	}
	b.start = t - t%b.window
	if b.start > t { // % rounds towards 1970
		b.start -= b.window
	}
	b.limit = b.start + b.window
	return nil
}

// hasWindow reports whether a window is open.
func (b *Blocks) hasWindow() bool { return b.start < b.limit }

// closeWindow makes the window empty.
func (b *Blocks) closeWindow() { b.start, b.limit = math.MaxInt64, math.MinInt64 }

// writeWindow writes the block of the open window, if the window has samples.
func (b *Blocks) writeWindow() error {
	if len(b.live) == 0 {
		return nil
	}
	for i, e := range b.live {
		if i%checkEvery == 0 && b.ctxErr() != nil {
			return b.ctxErr()
		}
		if err := errors.Join(b.pack(e), b.spillHistograms(e)); err != nil {
			return err
		}
	}
	block, err := b.writeBlock()
	if err != nil {
		return err
	}
	if block.Content != "" {
		b.written = append(b.written, block)
	}
	clear(b.spare) // this window did not need it
	b.spare = b.spare[:0]
	for _, e := range b.live {
		b.spare = append(b.spare, e.release())
	}
	clear(b.live)
	b.live, b.size = b.live[:0], 0
	return b.spill.Reset()
}
