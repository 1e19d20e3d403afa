package main

import (
	"errors"
	"fmt"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
)

// damageLog prints the faults of an input on standard error, up to a limit. It holds the
// first fault back until a second one comes or rest is called: if the only fault left
// nothing to read, it becomes the error of the command.
type damageLog struct {
	s     streams
	n     int64
	first error
}

const damagesShown = 20

func (l *damageLog) add(err error) {
	l.n++
	switch l.n {
	case 1:
		l.first = err
		return
	case 2:
		l.flush()
	}
	if l.n <= damagesShown {
		fmt.Fprintf(l.s.err, "%v\n", err)
	}
}

// addBlock adds damage of a block.
func (l *damageLog) addBlock(d *read.Damage) { l.add(d) }

func (l *damageLog) flush() {
	if l.first != nil {
		fmt.Fprintf(l.s.err, "%v\n", l.first)
	}
	l.first = nil
}

// rest prints a fault that add has held back, and the number of faults over the limit. l
// may be nil.
func (l *damageLog) rest() {
	if l == nil {
		return
	}
	l.flush()
	if l.n > damagesShown {
		fmt.Fprintf(l.s.err, "and %d more faults\n", l.n-damagesShown)
	}
	l.n = min(l.n, damagesShown)
}

// nothing returns the error of an input without samples: the only fault, or errNoSamples
// after it has printed the rest. l may be nil.
func (l *damageLog) nothing() error {
	if l != nil && l.n == 1 && l.first != nil {
		if errors.Is(l.first, expo.ErrEmpty) {
			return fmt.Errorf("%w: %w", l.first, errNoSamples)
		}
		return l.first
	}
	l.rest()
	return errNoSamples
}

// skipped returns errSkipped if there was a fault. l may be nil.
func (l *damageLog) skipped() error {
	if l == nil || l.n == 0 {
		return nil
	}
	return errSkipped
}
