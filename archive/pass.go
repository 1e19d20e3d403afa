package archive

import (
	"iter"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

// Steps yields the data records that q selects, joined with their metadata, in
// stored order. It omits values of metrics without a descriptor. A Step is
// valid until the next one and shares memory with the file's buffer; its Metric
// and Series pointers may be kept. Damage does not end the sequence unless
// [ReadOptions].Strict is set: Steps yields a mark for the lost part, and
// Warnings lists it. An error ends the sequence and is yielded once, with a nil
// Step.
func (r *Reader) Steps(q history.Query) iter.Seq2[*history.Step, error] {
	return func(yield func(*history.Step, error) bool) { newView(r, q).steps()(yield) }
}

// Pass is one pass over an archive. It yields the same as Steps and also knows
// how far it got.
type Pass struct{ v *view }

// Pass returns a pass over the steps that q selects.
func (r *Reader) Pass(q history.Query) *Pass { return &Pass{newView(r, q)} }

// Reader returns the archive.
func (p *Pass) Reader() *Reader { return p.v.r }

// Ahead begins to read the first volumes in other goroutines if that saves time. The query
// must begin no later than the archive. Steps or Close ends them.
func (p *Pass) Ahead() { p.v.lookAhead(p.v.r.volumes) }

// Close ends what Ahead began. It is for a pass whose Steps nobody reads.
func (p *Pass) Close() { p.v.endLeads() }

// Steps yields the steps. It may be called once. See [Reader.Steps].
func (p *Pass) Steps() iter.Seq2[*history.Step, error] { return p.v.steps() }

// Last returns the time of the last record read, whether or not q selected it.
func (p *Pass) Last() pcp.Timestamp { return p.v.last }
