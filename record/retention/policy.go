package retention

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/internal/diskspace"
)

// Policy says which archives stay. A zero field sets no limit.
type Policy struct {
	Keep    time.Duration // longest time since the last record of an archive
	MaxSize Amount        // most space that the folder takes
	MinFree Amount        // space that stays free for others
}

// Default returns the policy of a recording for which the user sets none.
func Default() Policy {
	return Policy{Keep: 14 * 24 * time.Hour, MaxSize: Amount{Percent: 10}, MinFree: Amount{Percent: 5}}
}

// Amount is a number of bytes, or a percentage of the file system if Percent is not zero.
// *Amount is a flag value.
type Amount struct {
	Bytes   int64
	Percent float64
}

var errAmount = errors.New("want a size such as 50GB or 20GiB, or a percentage of the file system such as 10%")

// Set parses an amount.
func (a *Amount) Set(text string) error {
	if number, ok := strings.CutSuffix(strings.TrimSpace(text), "%"); ok {
		percent, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil || !(percent >= 0 && percent <= 100) {
			return errAmount
		}
		*a = Amount{Percent: percent}
		return nil
	}
	n, err := humanize.ParseBytes(text)
	if err != nil || n > math.MaxInt64 {
		return errAmount
	}
	*a = Amount{Bytes: int64(n)}
	return nil
}

// String returns the amount in a form that Set accepts.
func (a *Amount) String() string {
	switch {
	case a.Percent != 0:
		return strconv.FormatFloat(a.Percent, 'g', -1, 64) + "%"
	case a.Bytes == 0:
		return "0"
	}
	return humanize.IBytes(uint64(a.Bytes))
}

// Type names the value in help.
func (*Amount) Type() string { return "size" }

// of returns the amount in bytes for a file system of the given size.
func (a *Amount) of(total int64) int64 {
	if a.Percent == 0 {
		return a.Bytes
	}
	return int64(a.Percent / 100 * float64(total))
}

// Limits are a Policy in bytes. A zero field sets no limit.
type Limits struct {
	Keep    time.Duration
	MaxSize int64
	MinFree int64
	Total   int64 // size of the file system; 0 if unknown
}

// Limits returns the policy in bytes for the file system of a folder. The error says that
// the policy has a percentage and that the size of the file system is not known.
func (p *Policy) Limits(dir string) (Limits, error) {
	total, _, ok := diskspace.Of(dir)
	if !ok && (p.MaxSize.Percent != 0 || p.MinFree.Percent != 0) {
		return Limits{}, fmt.Errorf("%s: the size of the file system is not known; give sizes in bytes in place of percentages", dir)
	}
	return Limits{Keep: p.Keep, MaxSize: p.MaxSize.of(total), MinFree: p.MinFree.of(total), Total: total}, nil
}

// String says what stays, in bytes.
func (l *Limits) String() string {
	var parts []string
	if l.Keep > 0 {
		parts = append(parts, "at most "+days(l.Keep)+" old")
	}
	if l.MaxSize > 0 {
		parts = append(parts, fmt.Sprintf("at most %d bytes (%s)", l.MaxSize, humanize.IBytes(uint64(l.MaxSize))))
	}
	if l.MinFree > 0 {
		parts = append(parts, fmt.Sprintf("as long as %d bytes (%s) stay free", l.MinFree, humanize.IBytes(uint64(l.MinFree))))
	}
	if len(parts) == 0 {
		return "archives stay for ever"
	}
	return "archives stay: " + strings.Join(parts, ", ")
}

// days returns a duration in days if it is whole days.
func days(d time.Duration) string {
	const day = 24 * time.Hour
	if d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	return d.String()
}
