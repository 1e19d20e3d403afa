package rewrite

import (
	"errors"
	"fmt"
)

// ErrEmpty says that a selection leaves no record.
var ErrEmpty = errors.New("nothing is selected: the copy would have no record")

// ErrNoMetric says that a pattern of Options.Metrics fits no metric.
var ErrNoMetric = errors.New("no such metric and no subtree of that name")

// ErrLoss says that the output cannot hold something of the input as it is.
var ErrLoss = errors.New("the output cannot hold it")

// Loss is a kind of thing that an output cannot hold.
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
	// LossOrder needs no permission: readers do not see such records either.
	LossOrder Loss = "records earlier than the one before them left out"
)

// LossCount is how often something was lost.
type LossCount struct {
	Loss  Loss   `json:"loss"`
	Count int    `json:"count"`
	First string `json:"first"` // what was lost first
}

// Report is what a copy did.
type Report struct {
	Records int         `json:"records"` // of the data volumes, marks included
	Losses  []LossCount `json:"losses"`
	// IndexKept says that the index is the input's. Otherwise it was made anew.
	IndexKept bool `json:"index_kept"`
	// Replaced is the archive that was there, if it held no record.
	Replaced []string `json:"-"`
	// Damage is what could not be read of the inputs. All else was used.
	Damage []error `json:"-"`
}

// losses are what may be lost and what was.
type losses struct {
	allowed bool
	report  *Report
}

// lose counts a loss, or refuses it.
func (l *losses) lose(what Loss, format string, args ...any) error {
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
