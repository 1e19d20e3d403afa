package check

import (
	"fmt"
	"strconv"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
)

// Severity says how much a finding matters.
type Severity int8

// The severities.
const (
	// Note: worth knowing, and often meant to be so.
	Note Severity = iota
	// Warning: all can be read, but something read is doubtful or will be
	// taken for something else.
	Warning
	// Error: something cannot be read, or readers refuse the archive.
	Error
)

var severityNames = [...]string{"note", "warning", "error"}

// String returns note, warning or error.
func (s Severity) String() string {
	if s >= Note && s <= Error {
		return severityNames[s]
	}
	return "severity " + strconv.Itoa(int(s))
}

// Set parses a severity's name; with Type it makes Severity a flag value.
func (s *Severity) Set(name string) error {
	for i, n := range severityNames {
		if n == name {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("severity %q: want note, warning or error", name)
}

// Type names the value in command line help.
func (*Severity) Type() string { return "severity" }

// MarshalText returns the name.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Finding is something that is wrong with an archive, or worth knowing.
type Finding struct {
	Code     Code
	Severity Severity
	Archive  string // base path
	File     string // the file concerned, else the base path
	// Offset is where the record concerned begins, in what the file holds once
	// decompressed; negative if the finding is about no single place.
	Offset  int64
	Message string
	// Omitted is how many further findings of this code were left out, see
	// Options.Limit; the finding is about no one of them then.
	Omitted int
	// Follows are the findings that follow from this one, which is damage, and are
	// counted here instead: metadata that is lost leaves values undescribed.
	Follows []Consequence
}

// String formats f as compilers do: "file: offset N: severity: code: message".
func (f Finding) String() string {
	at := ""
	if f.Offset >= 0 {
		at = "offset " + strconv.FormatInt(f.Offset, 10) + ": "
	}
	return f.File + ": " + at + f.Severity.String() + ": " + string(f.Code) + ": " + f.Message
}

// Options change what is checked. The zero value, and nil, are the default.
type Options struct {
	// Min leaves out findings of a lower severity.
	Min Severity
	// Limit is how many findings of one code are yielded for one archive; the
	// rest is counted. 0: DefaultLimit; negative: no limit.
	Limit int
	// MaxRecord is the longest record accepted, in bytes;
	// 0: archive.DefaultMaxRecord.
	MaxRecord int
	// MaxSeries is how many metric-instances are followed for counters that
	// fall and instances that are not declared; 0: DefaultMaxSeries.
	MaxSeries int
	// Zone is the time zone of times in messages; nil: UTC.
	Zone *time.Location
	// Verdict is called for each archive after its findings; may be nil.
	Verdict func(Verdict)
	// HostZone is whether the zone is that of each archive's host instead.
	HostZone bool
}

// Defaults of Options.
const (
	DefaultLimit     = 100
	DefaultMaxSeries = 400_000 // some 40 MiB
)

func (o *Options) withDefaults() Options {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Limit == 0 {
		opts.Limit = DefaultLimit
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

// sink hands findings to the consumer, so many of each code.
type sink struct {
	opts    Options
	yield   func(Finding) bool
	archive string
	counts  map[Code]int
	zone    *time.Location
	stopped bool // the consumer wants no more
	errors  int  // of the archive
	places  int  // of it that are damaged
	causes
}

// wants reports whether a finding would be kept, for callers to whom making one
// is work.
func (s *sink) wants(code Code) bool {
	return !s.stopped && code.Severity() >= s.opts.Min
}

// add yields a finding.
func (s *sink) add(code Code, file string, offset int64, format string, args ...any) {
	if !s.wants(code) || metaConsequences[code] && s.follows(s.metaPath, code) {
		return
	}
	s.counts[code]++
	if code.Severity() == Error {
		s.errors++
	}
	if lossCodes[code] && code != FrameLost || code == DataRecord {
		s.places++
	}
	if s.opts.Limit >= 0 && s.counts[code] > s.opts.Limit {
		return
	}
	for i, arg := range args {
		if t, ok := arg.(pcp.Timestamp); ok {
			args[i] = timeText(t, s.zone)
		}
	}
	s.put(Finding{Code: code, File: file, Offset: offset, Message: fmt.Sprintf(format, args...)})
}

// timeText writes a time for people, and one that no calendar has as its seconds.
func timeText(t pcp.Timestamp, zone *time.Location) string {
	const year10000 = 253402300800
	if t.Sec >= 0 && t.Sec < year10000 && t.Nsec >= 0 && t.Nsec < 1e9 {
		return t.Time().In(zone).Format("2006-01-02 15:04:05.999999999 MST")
	}
	return t.String()
}

// addIn is add for a finding that follows from damage of a file, if that has any.
func (s *sink) addIn(damaged string, code Code, file string, offset int64, format string, args ...any) {
	if !s.follows(damaged, code) {
		s.add(code, file, offset, format, args...)
	}
}

func (s *sink) put(f Finding) {
	f.Severity, f.Archive = f.Code.Severity(), s.archive
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
func (s *sink) hand(f Finding) {
	if !s.stopped && !s.yield(f) {
		s.stopped = true
	}
}

// begin starts the account of an archive.
func (s *sink) begin(archive string) {
	s.archive, s.counts, s.zone = archive, map[Code]int{}, s.opts.Zone
	s.errors, s.places, s.causes = 0, 0, causes{}
}

// end tells how many findings were left out.
func (s *sink) end() {
	for _, info := range Codes() {
		if n := s.counts[info.Code] - s.opts.Limit; s.opts.Limit >= 0 && n > 0 {
			f := Finding{Code: info.Code, Severity: info.Severity, Archive: s.archive, File: s.archive, Offset: nowhere}
			f.Message, f.Omitted = fmt.Sprintf("and %d more", n), n
			s.held = append(s.held, f)
		}
	}
	s.release()
}
