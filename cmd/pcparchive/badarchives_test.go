package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// outcome is what becomes of a bad archive.
type outcome struct {
	read  int    // exit status of what reads the values
	check int    // of check
	say   string // what standard error names when that is not 0: file, offset, reason
	// salvaged is the least number of data records that check --salvage gets out
	// of an archive that cannot be read as it is.
	salvaged int
	// lossy: the records do not fit the archive's own version, and a copy must be
	// told that they may be rounded.
	lossy bool
}

const (
	version1 = ".0: offset 8: label record: version: 1: unsupported archive version"
	torn     = ": file ends inside a record"
)

var (
	good       = outcome{}
	suspicious = outcome{check: exitFindings} // can be read
	old        = outcome{read: exitFailed, check: exitFindings, say: version1}
)

// cut is an archive that can be read up to where a volume ends.
func cut(say string) outcome { return outcome{read: exitSkipped, check: exitFindings, say: say} }

// refused is an archive that cannot be read, but for salvage.
func refused(salvaged int, say string) outcome {
	return outcome{read: exitFailed, check: exitFindings, say: say, salvaged: salvaged}
}

// badArchives has the archives of format.md, section 10, those that the corpus
// lacks included: who has all of them can run them all.
var badArchives = map[string]outcome{
	"541380": old, "951127.23.01": old, "960624.08.17": old, "ace": old, "babylon.percpu": old, "babylon.pmview": old,
	"bigace": old, "bozo.client": old, "bug": old, "err_v1": old,
	"20180608.04.23-01":         suspicious,
	"20230506.20.02-01":         suspicious,
	"archive-20141125-000009":   suspicious,
	"archive-20150417.131733":   cut(".0: offset 432512: record: length 0: value out of range"),
	"badlabel-0":                good,
	"badlabel-1":                refused(9, ".meta: offset 8: label record: magic number: 0xdeadbe02: not a PCP archive"),
	"badlabel-2":                refused(9, ".index: offset 8: label record: version: 0: unsupported archive version"),
	"badlen-0":                  good,
	"badlen-1":                  cut(".0: offset 132: record: 128 before, 132 after: record length and its trailer differ"),
	"badlen-2":                  cut(".0: offset 132: record: length 128" + torn),
	"badlen-3":                  cut(".0: offset 132: record: length 128" + torn),
	"badlen-4":                  refused(0, ".0: offset 0: "),
	"badlen-5":                  refused(0, ".0: offset 0: "),
	"badlen-6":                  refused(9, ".0: offset 0: record: 64 before, 0 after: record length and its trailer differ"),
	"badlen-7":                  refused(9, ".0: offset 0: record: 132 before, 64 after: record length and its trailer differ"),
	"badlen-8":                  refused(9, ".0: offset 8: label record: version: 255: unsupported archive version"),
	"badlen-9":                  cut(".meta: offset "),
	"badlen-10":                 refused(0, ".0: offset 0: "),
	"badlen-11":                 suspicious,
	"badlog-1":                  cut(".0: offset 496: record: length 212" + torn),
	"badlog-2":                  suspicious,
	"badlog-3":                  suspicious,
	"badlog-4":                  suspicious,
	"badmeta-1":                 suspicious,
	"badmeta-2":                 suspicious,
	"badmeta-3":                 refused(9, ".meta: offset "),
	"badmeta-4":                 refused(9, ".meta: offset 565: indom record: instance: -1: value out of range"),
	"badmeta-5":                 refused(9, ".meta: offset 601: indom record: name offset: 76: value out of range"),
	"badmeta-6":                 {check: exitFindings, say: ".meta: offset 6798: time 1646196771.599628420 has a fraction finer than v2 stores", lossy: true},
	"badmeta-7":                 suspicious,
	"badmeta-8":                 cut(".0: offset "),
	"badti-1":                   suspicious,
	"badti-2":                   suspicious,
	"badti-3":                   suspicious,
	"badti-4":                   suspicious,
	"bozo-vm-disk":              good,
	"bozo.client_v2.meta.bad.1": refused(1, ".meta: offset "),
	"bozo.client_v2.meta.bad.2": refused(1, ".meta: offset "),
	"corrupted_labelset":        refused(1, ".meta: offset "),
	"empty":                     refused(0, ".0: offset 0: label record: empty file: no data"),
	"logsummary-bug":            suspicious,
	"ok-truncbin":               cut(".0: offset "),
	"old611":                    good,
}

// TestBadArchives gives every bad archive to every command that reads archives:
// the exit status is right, a message says where and why, and what can be read
// is there.
func TestBadArchives(t *testing.T) {
	for _, base := range oracle.Archives(t, "badarchives", false) {
		t.Run(filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			want, ok := badArchives[filepath.Base(base)]
			require.True(t, ok, "not in the table")
			b := badArchive{t, base, want}
			b.check()
			b.questions()
			b.values()
			b.copies()
		})
	}
}

type badArchive struct {
	*testing.T
	base string
	want outcome
}

// command runs a command that must end with a status.
func (b badArchive) command(status int, args ...string) (out, errs string) {
	b.Helper()
	var o, e bytes.Buffer
	assert.Equal(b, status, run(args, streams{out: &o, err: &e}), "%v\n%s", args, &e)
	return o.String(), e.String()
}

// read runs a command that reads values.
func (b badArchive) read(args ...string) string {
	b.Helper()
	out, errs := b.command(b.want.read, args...)
	if b.want.read != exitOK {
		b.says(errs)
	} else {
		assert.NotContains(b, errs, "offset ", args)
	}
	if b.want.read == exitFailed {
		assert.Empty(b, out, args)
	} else {
		assert.NotEmpty(b, out, args)
	}
	return out
}

// says requires a message with the name of the file, the offset and the reason.
func (b badArchive) says(message string) {
	b.Helper()
	assert.Contains(b, message, b.base+b.want.say)
}

func (b badArchive) check() {
	out, errs := b.command(b.want.check, "check", b.base)
	assert.Empty(b, errs)
	if b.want.check == exitFindings {
		assert.Contains(b, out, b.base+".")
	}
	saved := filepath.Join(b.TempDir(), "saved")
	if b.want.read != exitFailed {
		b.command(b.want.check, "check", "--salvage", saved, b.base)
		return
	}
	if b.want.salvaged == 0 {
		_, errs = b.command(exitFailed, "check", "--salvage", saved, b.base)
		assert.Contains(b, errs, "nothing can be saved")
		return
	}
	b.command(exitFindings, "check", "--salvage", saved, b.base)
	out, _ = b.command(exitOK, "dump", saved)
	assert.GreaterOrEqual(b, strings.Count(out, " metric"), b.want.salvaged)
}

// questions are those about metadata. Damage after it is no reason to fail.
func (b badArchive) questions() {
	status := exitOK
	if b.want.read == exitFailed {
		status = exitFailed
	}
	out, errs := b.command(status, "info", b.base)
	switch b.want.read {
	case exitFailed:
		b.says(errs)
	case exitSkipped:
		b.says(out) // up to where the archive is read is part of the answer
	}
	b.command(status, "labels", "dump", b.base)
}

// values are what the data volumes hold.
func (b badArchive) values() {
	listed := b.read("dump", b.base)
	b.withholdsNothing(listed)
	b.read("dump", "--output", "ndjson", b.base)
	b.read("summary", b.base)
	b.read("export", "prom", b.base)
	blocks := filepath.Join(b.TempDir(), "blocks")
	b.read("export", "tsdb", b.base, "-o", blocks)
	status := b.want.read
	if strings.Contains(b.want.say, torn) {
		status = exitOK // to a query it is an archive that is being written
	}
	b.command(status, "query", `count({__name__=~".+"})`, b.base, "--start", "start")
}

// withholdsNothing requires every line that the reference prints.
func (b badArchive) withholdsNothing(listed string) {
	cmd := oracle.Command(b, "pmdumplog", filepath.Base(b.base))
	cmd.Dir = filepath.Dir(b.base)
	reference, _ := cmd.Output() // its own exit status is not ours
	ours := map[string]int{}
	for line := range strings.Lines(listed) {
		ours[line]++
	}
	missing := 0
	for line := range strings.Lines(string(reference)) {
		if ours[line]--; ours[line] < 0 {
			missing++
			assert.Less(b, missing, 5, "the reference prints %q", line)
		}
	}
	assert.Zero(b, missing)
}

// copies requires of a copy what the archive itself has.
func (b badArchive) copies() {
	to := filepath.Join(b.TempDir(), "copy")
	args := []string{"copy", b.base, to}
	if b.want.lossy {
		_, errs := b.command(exitFailed, args...)
		b.says(errs)
		args = append(args, "--lossy")
	}
	b.read(args...)
	if b.want.read == exitFailed {
		_, err := os.Stat(to + ".meta")
		assert.ErrorIs(b, err, os.ErrNotExist)
		return
	}
	before, _ := b.command(b.want.read, "dump", b.base)
	after, _ := b.command(exitOK, "dump", to)
	assert.Equal(b, before, after)
}
