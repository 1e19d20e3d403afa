package main

import (
	"errors"
	"fmt"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
)

// damageLog names on standard error what of an input cannot be read, but not all
// if there is a lot of it. The first waits for a second one, or for rest: if it is
// the only one and nothing was read, it is the error.
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

// addBlock is add for what reads blocks.
func (l *damageLog) addBlock(d *read.Damage) { l.add(d) }

func (l *damageLog) flush() {
	if l.first != nil {
		fmt.Fprintf(l.s.err, "%v\n", l.first)
	}
	l.first = nil
}

// rest names what add has not named, or how much that is. l may be nil.
func (l *damageLog) rest() {
	if l == nil {
		return
	}
	l.flush()
	if l.n > damagesShown {
		fmt.Fprintf(l.s.err, "and %d more that could not be read\n", l.n-damagesShown)
	}
	l.n = min(l.n, damagesShown)
}

// nothing returns why nothing was read: the only fault, or errNoSamples once all
// are named. l may be nil.
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

// skipped returns errSkipped if anything was named. l may be nil.
func (l *damageLog) skipped() error {
	if l == nil || l.n == 0 {
		return nil
	}
	return errSkipped
}
