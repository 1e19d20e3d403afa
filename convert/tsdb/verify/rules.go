package verify

import (
	"fmt"

	"github.com/pcparchive/pcparchive/finding"
)

// Target is the system that will read the blocks.
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

// Set sets the target by its name.
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

// The codes of findings. [Codes] returns their meanings.
const (
	BlockIncomplete   finding.Code = "block-incomplete"
	BlockMeta         finding.Code = "block-meta"
	BlockULID         finding.Code = "block-ulid"
	BlockTimes        finding.Code = "block-times"
	BlockFuture       finding.Code = "block-future"
	BlockStats        finding.Code = "block-stats"
	BlockIndex        finding.Code = "block-index"
	BlockSymbols      finding.Code = "block-symbols"
	BlockPostings     finding.Code = "block-postings"
	BlockSeriesOrder  finding.Code = "block-series-order"
	BlockSeriesEmpty  finding.Code = "block-series-empty"
	BlockLabelOrder   finding.Code = "block-label-order"
	BlockLabelTwice   finding.Code = "block-label-twice"
	BlockLabelEmpty   finding.Code = "block-label-empty"
	BlockLabelUTF8    finding.Code = "block-label-utf8"
	BlockLabelName    finding.Code = "block-label-name"
	BlockLabelLegacy  finding.Code = "block-label-legacy"
	BlockChunks       finding.Code = "block-chunks"
	BlockChunkOrder   finding.Code = "block-chunk-order"
	BlockChunkRefs    finding.Code = "block-chunk-refs"
	BlockChunkOutside finding.Code = "block-chunk-outside"
	BlockChunkDamaged finding.Code = "block-chunk-damaged"
	BlockChunkSamples finding.Code = "block-chunk-samples"
	BlockAggregates   finding.Code = "block-aggregates"
	BlockEncoding     finding.Code = "block-encoding"
	BlockTombstones   finding.Code = "block-tombstones"
	BlockDeleted      finding.Code = "block-deleted"
	BlockOverlap      finding.Code = "block-overlap"
	BlockDay          finding.Code = "block-day"
	BlockDayTwice     finding.Code = "block-day-twice"
	BlockExternal     finding.Code = "block-external"
	BlockDownsampled  finding.Code = "block-downsampled"
	BlockLimitLabels  finding.Code = "block-limit-labels"
	BlockLimitName    finding.Code = "block-limit-name"
	BlockLimitValue   finding.Code = "block-limit-value"
)

const noRule finding.Severity = -1 // the target has no such rule

// rule is the meaning of a code and its severity for each target.
type rule struct {
	code     finding.Code
	severity [3]finding.Severity // in the order of Targets
	meaning  string
}

var rules = []rule{
	{BlockIncomplete, same(finding.Warning), "a folder that a writer left incomplete, or that was being deleted"},
	{BlockMeta, same(finding.Error), "meta.json is missing, cannot be read or is of another version"},
	{BlockULID, same(finding.Error), "the ULID in meta.json is not the folder's name"},
	{BlockTimes, same(finding.Error), "the times in meta.json are impossible"},
	{BlockFuture, each(noRule, noRule, finding.Error), "the block ends in the future; Mimir rejects its upload"},
	{BlockStats, same(finding.Warning), "the numbers in meta.json differ from the block's contents"},
	{BlockIndex, same(finding.Error), "the index, or an entry in it, cannot be read"},
	{BlockSymbols, same(finding.Error), "the symbols of the index are not sorted"},
	{BlockPostings, same(finding.Error), "the list of series with a label is wrong, and so are the results of queries"},
	{BlockSeriesOrder, same(finding.Error), "series are not sorted, or a series appears twice"},
	{BlockSeriesEmpty, same(finding.Error), "a series without chunks"},
	{BlockLabelOrder, same(finding.Error), "the labels of a series are not sorted"},
	{BlockLabelTwice, same(finding.Error), "a series has two labels of one name"},
	{BlockLabelEmpty, same(finding.Error), "a label with an empty name or value"},
	{BlockLabelUTF8, same(finding.Error), "a label is not UTF-8"},
	{BlockLabelName, same(finding.Warning), "a series without a metric name"},
	{BlockLabelLegacy, same(finding.Note), "a name with characters that systems older than Prometheus 3 reject"},
	{BlockChunks, same(finding.Error), "a file of chunks is missing or cannot be read"},
	{BlockChunkOrder, same(finding.Error), "the chunks of a series overlap or are out of order"},
	{BlockChunkRefs, same(finding.Warning), "chunks are not stored in the order of the series, which slows reading"},
	{BlockChunkOutside, same(finding.Error), "a chunk is outside of the times in meta.json"},
	{BlockChunkDamaged, same(finding.Error), "a chunk cannot be read"},
	{BlockChunkSamples, same(finding.Error), "the samples of a chunk are out of order, or their number or times differ from those stated"},
	{BlockAggregates, same(finding.Note), "a chunk of a downsampled block that is whole, but not in the form that Thanos writes"},
	{BlockEncoding, each(finding.Note, finding.Warning, finding.Warning), "a chunk in an encoding that older systems cannot read"},
	{BlockTombstones, same(finding.Error), "the list of deleted samples cannot be read"},
	{BlockDeleted, each(noRule, finding.Warning, finding.Warning), "a list deletes samples, but is not uploaded with the block, so the samples reappear"},
	{BlockOverlap, each(finding.Note, finding.Error, finding.Warning), "two blocks overlap; Thanos' compactor halts at it if their external labels are equal"},
	{BlockDay, each(finding.Note, finding.Warning, finding.Error), "a block crosses midnight UTC"},
	{BlockDayTwice, each(noRule, noRule, finding.Error), "several blocks of one UTC day, which mimirtool rejects"},
	{BlockExternal, each(noRule, finding.Error, finding.Warning), "external labels in meta.json: Thanos requires at least one, Mimir drops or rejects all but its own, Prometheus ignores them"},
	{BlockDownsampled, each(finding.Error, noRule, finding.Error), "a block that Thanos downsampled, whose chunks only Thanos reads"},
	{BlockLimitLabels, each(noRule, noRule, finding.Warning), "more than 30 labels on a series, Mimir's default limit"},
	{BlockLimitName, each(noRule, noRule, finding.Warning), "a label name longer than 1024 bytes, Mimir's default limit"},
	{BlockLimitValue, each(noRule, noRule, finding.Warning), "a label value longer than 2048 bytes, Mimir's default limit"},
}

// same returns one severity for all targets.
func same(s finding.Severity) [3]finding.Severity { return [3]finding.Severity{s, s, s} }

// each returns the severities for the targets.
func each(prom, thanos, mimir finding.Severity) [3]finding.Severity {
	return [3]finding.Severity{prom, thanos, mimir}
}

// column returns the index of the target's severity in a rule.
func (t Target) column() int {
	for i, known := range Targets() {
		if t == known {
			return i
		}
	}
	return 0
}

// Codes returns the codes of findings about blocks for a target, with their meanings.
func Codes(t Target) []finding.CodeInfo {
	var all []finding.CodeInfo
	for _, r := range rules {
		if s := r.severity[t.column()]; s != noRule {
			all = append(all, finding.CodeInfo{Code: r.code, Severity: s, Meaning: r.meaning})
		}
	}
	return all
}
