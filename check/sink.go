package check

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options configure a check. A nil *Options and the zero value mean the defaults.
type Options struct {
	// Min is the lowest severity of the findings to yield.
	Min finding.Severity
	// Limit is the number of findings of one code that a check yields for an archive. It
	// counts the rest. Zero means finding.DefaultLimit; negative means no limit.
	Limit int
	// MaxRecord is the length of the longest accepted record in bytes. Zero means
	// archive.DefaultMaxRecord.
	MaxRecord int
	// MaxSeries is the number of metric-instances for which a check looks for counters that
	// fall and undeclared instances. Zero means DefaultMaxSeries.
	MaxSeries int
	// Zone is the time zone of times in messages. Nil means UTC.
	Zone *time.Location
	// Verdict is called for each archive after its findings. It may be nil.
	Verdict func(Verdict)
	// HostZone replaces Zone by the time zone of each archive's host.
	HostZone bool
	// Replaced is called by Salvage with the name of the new archive if one of
	// that name existed that held no record and was removed; may be nil.
	Replaced func(archive string)
}

// DefaultMaxSeries is the default of Options.MaxSeries. Its state takes about
// 40 MiB.
const DefaultMaxSeries = 400_000

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.MaxSeries == 0 {
		opts.MaxSeries = DefaultMaxSeries
	}
	return opts
}

// nowhere is the offset of a finding about a whole file.
const nowhere = -1

// sink yields findings to the consumer, within the limit of each code.
type sink struct {
	opts    Options
	yield   func(finding.Finding) bool
	archive string
	tally   finding.Tally
	zone    *time.Location
	ctx     context.Context // ends the check early; may be nil
	stopped bool            // ctx ended, or the consumer stopped the iteration
	left    bool            // the consumer stopped the iteration
	errors  int             // number of errors in the archive
	places  int             // number of damaged places in the archive
	causes
}

// wants reports whether the consumer asked for findings of a code. Callers use it
// to skip expensive checks.
func (s *sink) wants(code finding.Code) bool {
	return !s.stopped && severityOf(code) >= s.opts.Min
}

// add yields a finding, unless it follows from an earlier one or exceeds the limit.
func (s *sink) add(code finding.Code, file string, offset int64, format string, args ...any) {
	if !s.wants(code) || metaConsequences[code] && s.follows(s.metaPath, code) {
		return
	}
	if severityOf(code) == finding.Error {
		s.errors++
	}
	if lossCodes[code] && code != FrameLost || code == DataRecord {
		s.places++
	}
	if !s.tally.Add(code) {
		return
	}
	for i, arg := range args {
		if t, ok := arg.(pcp.Timestamp); ok {
			args[i] = timeText(t, s.zone)
		}
	}
	s.put(finding.Finding{Code: code, File: file, Offset: offset, Message: fmt.Sprintf(format, args...)})
}

// timeText formats a time as a date, or as seconds if no calendar has that date.
func timeText(t pcp.Timestamp, zone *time.Location) string {
	const year10000 = 253402300800
	if t.Sec >= 0 && t.Sec < year10000 && t.Nsec >= 0 && t.Nsec < 1e9 {
		return t.Time().In(zone).Format("2006-01-02 15:04:05.999999999 MST")
	}
	return t.String()
}

// addIn adds a finding, unless it follows from damage of the given file.
func (s *sink) addIn(damaged string, code finding.Code, file string, offset int64, format string, args ...any) {
	if !s.follows(damaged, code) {
		s.add(code, file, offset, format, args...)
	}
}

// put yields a finding or, while findings are held back, keeps it.
func (s *sink) put(f finding.Finding) {
	f.Severity, f.Archive = severityOf(f.Code), s.archive
	s.note(f)
	if !s.holding {
		s.hand(f)
		return
	}
	if s.held = append(s.held, f); len(s.held) == maxHeld {
		s.release()
	}
}

// hand yields a finding.
func (s *sink) hand(f finding.Finding) {
	if !s.stopped && !s.yield(f) {
		s.stopped, s.left = true, true
	}
}

// cancelled reports whether the check ends early, because the consumer left or
// the context ended.
func (s *sink) cancelled() bool {
	if s.ctx != nil && s.ctx.Err() != nil {
		s.stopped = true
	}
	return s.stopped
}

// source fails reads once the sink's context has ended, so that a long file does
// not delay the end of a check. It may belong to another goroutine than the sink.
type source struct {
	io.Reader
	s *sink
}

// Read reads unless the context has ended.
func (r source) Read(p []byte) (int, error) {
	if ctx := r.s.ctx; ctx != nil && ctx.Err() != nil {
		return 0, ctx.Err()
	}
	return r.Reader.Read(p)
}

// begin resets the sink for the next archive.
func (s *sink) begin(archive string) {
	s.archive, s.tally, s.zone = archive, finding.NewTally(s.opts.Limit), s.opts.Zone
	s.errors, s.places, s.causes = 0, 0, causes{}
}

// end reports the number of findings over the limit and yields the held ones.
func (s *sink) end() {
	for f := range s.tally.Omitted(codes) {
		f.Archive, f.File = s.archive, s.archive
		s.held = append(s.held, f)
	}
	s.release()
}
