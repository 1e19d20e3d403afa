package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDroppedInstance asks the readers of metrics for a process that its domain dropped while its values
// went on. All name it as an earlier record did, but dump, which shows what is stored.
func TestDroppedInstance(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := archtest.Dropped(t, v)
		start, end, middle := "2023-11-14 22:13:38", "2023-11-14 22:14:03", "2023-11-14 22:13:50"
		for _, args := range [][]string{
			{"top", base, "-Z", "UTC", "--at", middle, "--window", "20s"},
			{"top", base, "-Z", "UTC", "--at", middle, "--window", "20s", "--output", "csv", "--by", "cpu", "--count", "1"},
			{"top", base, "-Z", "UTC", "--at", middle, "--window", "20s", "--output", "json"},
			{"values", base, "-Z", "UTC", "-S", start, "-T", end, "--output", "csv", "proc.psinfo.utime"},
			{"values", base, "-Z", "UTC", "-S", start, "-T", end, "--output", "csv", "--step", "5s", "proc.psinfo.utime[000012 burner]"},
			{"summary", base, "-Z", "UTC", "--start", start, "--end", end},
			{"plot", "proc.psinfo.utime", base, "-Z", "UTC", "-S", start, "-T", end},
		} {
			out, _ := command(t, 0, args...)
			assert.Contains(t, out, "burner", strings.Join(args, " "))
			assert.NotContains(t, out, "#12", strings.Join(args, " "))
			assert.NotContains(t, out, "successor", strings.Join(args, " "))
		}
		out, _ := command(t, 0, "query", `proc_psinfo_utime{instname="",instid="12"}`, base, "-Z", "UTC", "--at", middle)
		assert.Contains(t, out, "12000", "PromQL has the series of the domain in force")
		out, _ = command(t, 0, "dump", base, "-Z", "UTC")
		assert.Equal(t, 3*(3+6), strings.Count(out, "or ???]"), "of three metrics the third to fifth value of process 12, and all of 56")
	})
}
