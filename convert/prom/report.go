package prom

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Loss is a reason why something did not cross, or not exactly.
type Loss string

// The reasons.
const (
	LossNotNumeric   Loss = "skipped: not numeric"
	LossUndecodable  Loss = "skipped: value does not fit its type"
	LossText         Loss = "changed: text that is not UTF-8"
	LossNoName       Loss = "skipped: metric without a name"
	LossRounded      Loss = "rounded to float64"
	LossSameTime     Loss = "replaced by a later value in the same millisecond"
	LossDuplicate    Loss = "dropped: repeats a sample of the same series and time, of which the first counts"
	LossRenamed      Loss = "renamed: the name belongs to another metric"
	LossLabelRenamed Loss = "label renamed: its name belongs to another label"
	LossNotNative    Loss = "not recorded as PCP's own metric: another series or host has it"
	LossTooOld       Loss = "moved to the scrape's time: older than the last record"
	LossLate         Loss = "moved to the last record's time: the endpoint answered late"
	LossFuture       Loss = "skipped: a time of its own that is yet to come"
	LossLabels       Loss = "skipped: labels exceed what an archive holds"
	LossNumbers      Loss = "skipped: no metric numbers left in the archive"
	LossExemplar     Loss = "exemplar dropped"
	LossNativeHist   Loss = "native histogram dropped"
	LossInvalidLabel Loss = "skipped: labels cannot be decoded, or Prometheus does not take them"
	LossOrder        Loss = "skipped: time went backwards"
	LossTime         Loss = "skipped: a time that no clock comes to"
	LossDamaged      Loss = "skipped: damaged"
	LossNames        Loss = "not repeated: the series of a metric with several names have the first"
	LossSameLabels   Loss = "changed: another host has a series with the same labels; hostname is the archive's host"
	LossCollision    Loss = "skipped: a series of another host has the same labels"
	LossUnwrapped    Loss = "changed: a 32-bit counter was continued over a wrap"
	LossStep         Loss = "left out: between the steps"
	LossEnd          Loss = "left out: the end of a series that has no value before it"
	LossStale        Loss = "left out: the end of a series, which text cannot say"
	LossBefore1970   Loss = "left out: before 1970, which text cannot say"
	LossDownsampled  Loss = "changed: blocks that Thanos downsampled have averages, and counters at the end of each interval"
	LossSilence      Loss = "not repeated: nothing was recorded for a day or longer"
)

// ByNature reports whether the loss is one that the two systems' difference
// brings with every archive of some kind, and not a sign of bad data.
func (l Loss) ByNature() bool {
	switch l {
	case LossNotNumeric, LossText, LossRounded, LossSameTime, LossDuplicate, LossRenamed, LossLabelRenamed, LossNotNative, LossTooOld, LossLate, LossFuture, LossExemplar, LossNativeHist,
		LossUnwrapped, LossStep, LossEnd, LossStale, LossSilence, LossSameLabels, LossNames, LossBefore1970, LossDownsampled:
		return true
	}
	return false
}

// Report counts what was lost, by reason and metric. The zero Report is ready
// for use, also from several goroutines.
type Report struct {
	mu     sync.Mutex
	counts map[lossKey]int64
}

type lossKey struct {
	loss Loss
	name string
}

// LossCount is one line of a Report.
type LossCount struct {
	Loss  Loss   `json:"loss"`
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// maxLossNames bounds a Report's memory; further names are counted together.
const maxLossNames = 10000

// Add counts a loss of the named metric. A nil Report counts nothing.
func (r *Report) Add(loss Loss, name string) { r.AddN(loss, name, 1) }

// AddN counts n losses of the named metric.
func (r *Report) AddN(loss Loss, name string, n int64) {
	if r == nil || n == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.counts == nil {
		r.counts = map[lossKey]int64{}
	}
	k := lossKey{loss, name}
	if _, known := r.counts[k]; !known && len(r.counts) >= maxLossNames {
		k.name = "(others)"
	}
	r.counts[k] += n
}

// Losses returns all counts, by reason and then name.
func (r *Report) Losses() []LossCount {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := slices.SortedFunc(maps.Keys(r.counts), func(a, b lossKey) int {
		return cmp.Or(cmp.Compare(a.loss, b.loss), cmp.Compare(a.name, b.name))
	})
	out := make([]LossCount, len(keys))
	for i, k := range keys {
		out[i] = LossCount{k.loss, k.name, r.counts[k]}
	}
	return out
}

// Summary returns one line per reason: how often, and the first few names.
func (r *Report) Summary() []string {
	const shown = 3
	var lines []string
	losses := r.Losses()
	for len(losses) > 0 {
		n := 0
		var total int64
		names := ""
		for n < len(losses) && losses[n].Loss == losses[0].Loss {
			if n < shown {
				names += ", " + losses[n].Name
			}
			total += losses[n].Count
			n++
		}
		if n > shown {
			names += ", …"
		}
		lines = append(lines, fmt.Sprintf("%s: %s: %s", losses[0].Loss, times(total), names[2:]))
		losses = losses[n:]
	}
	return lines
}

func times(n int64) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
