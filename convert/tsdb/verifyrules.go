package tsdb

import (
	"fmt"

	"github.com/pcparchive/pcparchive/check"
)

// Target is the system that blocks are meant for.
type Target string

// The targets.
const (
	Prometheus Target = "prometheus"
	Thanos     Target = "thanos"
	Mimir      Target = "mimir"
)

// Targets returns all targets.
func Targets() []Target { return []Target{Prometheus, Thanos, Mimir} }

// String returns the target's name.
func (t *Target) String() string { return string(*t) }

// Set takes the name of a target.
func (t *Target) Set(name string) error {
	for _, known := range Targets() {
		if name == string(known) {
			*t = known
			return nil
		}
	}
	return fmt.Errorf("want prometheus, thanos or mimir")
}

// Type names the value in command line help.
func (*Target) Type() string { return "system" }

// The codes of findings. What each stands for is in [VerifyCodes].
const (
	BlockIncomplete   check.Code = "block-incomplete"
	BlockMeta         check.Code = "block-meta"
	BlockULID         check.Code = "block-ulid"
	BlockTimes        check.Code = "block-times"
	BlockFuture       check.Code = "block-future"
	BlockStats        check.Code = "block-stats"
	BlockIndex        check.Code = "block-index"
	BlockSymbols      check.Code = "block-symbols"
	BlockPostings     check.Code = "block-postings"
	BlockSeriesOrder  check.Code = "block-series-order"
	BlockSeriesEmpty  check.Code = "block-series-empty"
	BlockLabelOrder   check.Code = "block-label-order"
	BlockLabelTwice   check.Code = "block-label-twice"
	BlockLabelEmpty   check.Code = "block-label-empty"
	BlockLabelUTF8    check.Code = "block-label-utf8"
	BlockLabelName    check.Code = "block-label-name"
	BlockLabelLegacy  check.Code = "block-label-legacy"
	BlockChunks       check.Code = "block-chunks"
	BlockChunkOrder   check.Code = "block-chunk-order"
	BlockChunkRefs    check.Code = "block-chunk-refs"
	BlockChunkOutside check.Code = "block-chunk-outside"
	BlockChunkDamaged check.Code = "block-chunk-damaged"
	BlockChunkSamples check.Code = "block-chunk-samples"
	BlockAggregates   check.Code = "block-aggregates"
	BlockEncoding     check.Code = "block-encoding"
	BlockTombstones   check.Code = "block-tombstones"
	BlockDeleted      check.Code = "block-deleted"
	BlockOverlap      check.Code = "block-overlap"
	BlockDay          check.Code = "block-day"
	BlockDayTwice     check.Code = "block-day-twice"
	BlockExternal     check.Code = "block-external"
	BlockDownsampled  check.Code = "block-downsampled"
	BlockLimitLabels  check.Code = "block-limit-labels"
	BlockLimitName    check.Code = "block-limit-name"
	BlockLimitValue   check.Code = "block-limit-value"
)

const noRule check.Severity = -1 // the target does not mind

// rule is what a code stands for, and how much it matters to each target.
type rule struct {
	code     check.Code
	severity [3]check.Severity // in the order of Targets
	meaning  string
}

var rules = []rule{
	{BlockIncomplete, same(check.Warning), "a folder that a writer left behind, or that was being deleted"},
	{BlockMeta, same(check.Error), "meta.json is missing, cannot be read or is of another version"},
	{BlockULID, same(check.Error), "the ULID in meta.json is not the folder's name"},
	{BlockTimes, same(check.Error), "the times in meta.json are impossible"},
	{BlockFuture, each(noRule, noRule, check.Error), "the block ends in the future; its upload is refused"},
	{BlockStats, same(check.Warning), "the numbers in meta.json are not those of the block"},
	{BlockIndex, same(check.Error), "the index, or an entry in it, cannot be read"},
	{BlockSymbols, same(check.Error), "the symbols of the index are not sorted"},
	{BlockPostings, same(check.Error), "a list of the series with a label lacks some or has others; queries will, too"},
	{BlockSeriesOrder, same(check.Error), "series are not sorted, or one is there twice"},
	{BlockSeriesEmpty, same(check.Error), "a series without chunks"},
	{BlockLabelOrder, same(check.Error), "the labels of a series are not sorted"},
	{BlockLabelTwice, same(check.Error), "a series has two labels of one name"},
	{BlockLabelEmpty, same(check.Error), "a label with an empty name or value"},
	{BlockLabelUTF8, same(check.Error), "a label is not UTF-8"},
	{BlockLabelName, same(check.Warning), "a series without a metric name"},
	{BlockLabelLegacy, same(check.Note), "a name with characters that systems older than Prometheus 3 refuse"},
	{BlockChunks, same(check.Error), "a file of chunks is missing or cannot be read"},
	{BlockChunkOrder, same(check.Error), "the chunks of a series overlap or are out of order"},
	{BlockChunkRefs, same(check.Warning), "chunks do not lie in the order of the series, so that reading jumps about"},
	{BlockChunkOutside, same(check.Error), "a chunk is outside of the times in meta.json"},
	{BlockChunkDamaged, same(check.Error), "a chunk cannot be read"},
	{BlockChunkSamples, same(check.Error), "the samples of a chunk are out of order, or not as many or not of the times that it says"},
	{BlockAggregates, same(check.Note), "a chunk of aggregates of a downsampled block that is whole, but not of Thanos' form"},
	{BlockEncoding, each(check.Note, check.Warning, check.Warning), "a chunk in an encoding that older systems cannot read"},
	{BlockTombstones, same(check.Error), "the list of what is deleted cannot be read"},
	{BlockDeleted, each(noRule, check.Warning, check.Warning), "samples are deleted by a list that is not uploaded with the block, so they will be back"},
	{BlockOverlap, each(check.Note, check.Error, check.Warning), "two blocks overlap; Thanos' compactor halts at it if their external labels are equal"},
	{BlockDay, each(check.Note, check.Warning, check.Error), "a block goes past midnight UTC"},
	{BlockDayTwice, each(noRule, noRule, check.Error), "more than one block of one UTC day, which mimirtool refuses"},
	{BlockExternal, each(noRule, check.Error, check.Warning), "external labels in meta.json: Thanos demands one at least, Mimir drops or refuses all but its own, Prometheus ignores them"},
	{BlockDownsampled, each(check.Error, noRule, check.Error), "a block that Thanos downsampled, whose chunks only Thanos reads"},
	{BlockLimitLabels, each(noRule, noRule, check.Warning), "more than 30 labels on a series, Mimir's default limit"},
	{BlockLimitName, each(noRule, noRule, check.Warning), "a label name longer than 1024 bytes, Mimir's default limit"},
	{BlockLimitValue, each(noRule, noRule, check.Warning), "a label value longer than 2048 bytes, Mimir's default limit"},
}

func same(s check.Severity) [3]check.Severity { return [3]check.Severity{s, s, s} }
func each(prom, thanos, mimir check.Severity) [3]check.Severity {
	return [3]check.Severity{prom, thanos, mimir}
}

// column returns the target's place in a rule.
func (t Target) column() int {
	for i, known := range Targets() {
		if t == known {
			return i
		}
	}
	return 0
}

// VerifyCodes returns the codes of findings about blocks for a target, and what
// they stand for.
func VerifyCodes(t Target) []check.CodeInfo {
	var all []check.CodeInfo
	for _, r := range rules {
		if s := r.severity[t.column()]; s != noRule {
			all = append(all, check.CodeInfo{Code: r.code, Severity: s, Meaning: r.meaning})
		}
	}
	return all
}
