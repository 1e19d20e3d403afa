package prom

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// Loss is a reason why a conversion left something out or changed it. Its text is
// shown to users and stands in JSON reports.
type Loss string

// The reasons. A text begins with what happened; the cause follows the colon.
const (
	LossNotNumeric   Loss = "skipped: not numeric"
	LossUndecodable  Loss = "skipped: value does not fit its type"
	LossText         Loss = "changed: text has invalid UTF-8"
	LossNoName       Loss = "skipped: metric without a name"
	LossRounded      Loss = "rounded to float64"
	LossSameTime     Loss = "replaced by a later value in the same millisecond"
	LossDuplicate    Loss = "dropped: repeats a sample of the same series and time; the first one counts"
	LossRenamed      Loss = "renamed: the name belongs to another metric"
	LossLabelRenamed Loss = "label renamed: its name belongs to another label"
	LossNotNative    Loss = "not recorded as PCP's own metric: another series or host has it"
	LossTooOld       Loss = "moved to the scrape's time: older than the last record, or ahead of the clock"
	LossLate         Loss = "moved to the last record's time: the endpoint answered late"
	LossFuture       Loss = "skipped: its timestamp is in the future"
	LossLabels       Loss = "skipped: labels exceed what an archive holds"
	LossNumbers      Loss = "skipped: no metric numbers left in the archive"
	LossExemplar     Loss = "exemplar dropped"
	LossNativeHist   Loss = "native histogram dropped"
	LossInvalidLabel Loss = "skipped: labels cannot be decoded, or Prometheus rejects them"
	LossOrder        Loss = "skipped: time went backwards"
	LossTime         Loss = "skipped: time is out of range"
	LossDamaged      Loss = "skipped: damaged"
	LossNames        Loss = "not repeated: a metric with several names gives series under the first"
	LossSameLabels   Loss = "changed: another host has a series with the same labels, so hostname is the archive's host"
	LossCollision    Loss = "skipped: a series of another host has the same labels"
	LossUnwrapped    Loss = "changed: a 32-bit counter was continued over a wrap"
	LossStep         Loss = "left out: between the steps"
	LossEnd          Loss = "left out: the end of a series that has no value before it"
	LossStale        Loss = "left out: the end of a series, which text cannot express"
	LossBefore1970   Loss = "left out: a time before 1970, which text cannot express"
	LossDownsampled  Loss = "changed: blocks downsampled by Thanos hold averages, and counters at the end of each interval"
	LossSilence      Loss = "not repeated: nothing was recorded for a day or longer"
)

// ByNature reports whether the loss follows from the difference between the two
// systems. Any other loss is a sign of bad data or of a full archive.
func (l Loss) ByNature() bool {
	switch l {
	case LossNotNumeric, LossText, LossRounded, LossSameTime, LossDuplicate, LossRenamed, LossLabelRenamed, LossNotNative, LossTooOld, LossLate, LossFuture, LossExemplar, LossNativeHist,
		LossUnwrapped, LossStep, LossEnd, LossStale, LossSilence, LossSameLabels, LossNames, LossBefore1970, LossDownsampled:
		return true
	}
	return false
}

// Report counts losses by reason and metric. The zero Report is ready for use.
// Several goroutines may use it at once. A nil *Report counts nothing.
type Report struct {
	mu     sync.Mutex
	counts map[lossKey]int64
}

type lossKey struct {
	loss Loss
	name string
}

// LossCount is the number of losses of one kind for one metric.
type LossCount struct {
	Loss  Loss   `json:"loss"`
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

// maxLossNames bounds the memory of a Report. It counts further names together,
// as "(others)".
const maxLossNames = 10000

// Add counts one loss of the named metric.
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

// Losses returns all counts, sorted by reason and then by name.
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

// Summary returns one line for each reason: the text of the loss, how often it
// happened, and the names of the first three metrics.
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
