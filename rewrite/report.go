package rewrite

import (
	"errors"
	"fmt"
)

// ErrEmpty reports that a selection leaves no record.
var ErrEmpty = errors.New("nothing is selected: the copy would have no record")

// ErrNoMetric reports that a pattern of Options.Metrics matches no metric.
var ErrNoMetric = errors.New("no such metric and no subtree of that name")

// ErrLoss reports that the output's version cannot hold something of the input.
var ErrLoss = errors.New("the output cannot hold it")

// Loss is a kind of data that an output cannot hold.
type Loss string

// The losses.
const (
	LossFraction Loss = "times cut to whole microseconds"
	LossTime     Loss = "records outside 1901 to 2038 left out"
	LossZoneInfo Loss = "zoneinfo left out"
	LossFeatures Loss = "feature bits left out"
	LossString   Loss = "host names and time zones cut"
	LossEmpty    Loss = "emptied instance domains left out"
	LossMetric   Loss = "metrics that contradict an earlier archive left out"
	LossRename   Loss = "metrics that changed their names have the names of all archives"
	// LossOrder needs no permission, because readers skip such records too.
	LossOrder Loss = "records earlier than the one before them left out"
)

// LossCount is the number of losses of one kind.
type LossCount struct {
	Loss  Loss   `json:"loss"`
	Count int    `json:"count"`
	First string `json:"first"` // describes the first loss
}

// Report describes a finished copy.
type Report struct {
	Records int         `json:"records"` // number of data records written, marks included
	Losses  []LossCount `json:"losses"`  // in the order of their first occurrence
	// IndexKept means that the output has the index of the input, not a new one.
	IndexKept bool `json:"index_kept"`
	// Replaced names the existing archive without a record that the copy replaced.
	Replaced []string `json:"-"`
	// Damage names the parts of the inputs that could not be read.
	Damage []error `json:"-"`
}

// lossCounter counts losses in a report.
type lossCounter struct {
	allowed bool
	report  *Report
}

// lose counts a loss. If losses are not allowed it returns an error that wraps ErrLoss.
func (l *lossCounter) lose(what Loss, format string, args ...any) error {
	for i := range l.report.Losses {
		if l.report.Losses[i].Loss == what {
			l.report.Losses[i].Count++
			return nil
		}
	}
	first := fmt.Errorf(format, args...)
	if !l.allowed && what != LossOrder {
		return fmt.Errorf("%w: %w", first, ErrLoss)
	}
	l.report.Losses = append(l.report.Losses, LossCount{Loss: what, Count: 1, First: first.Error()})
	return nil
}
