package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestBadArchives gives every bad archive to every command that reads archives:
// the exit status is right, a message says where and why, and what can be read
// is there.
func TestBadArchives(t *testing.T) {
	for _, base := range oracle.Archives(t, "badarchives", false) {
		t.Run(filepath.Base(base), func(t *testing.T) {
			t.Parallel()
			want, ok := badArchives[filepath.Base(base)]
			require.True(t, ok, "not in the table")
			badArchive{t, base, want}.everything()
		})
	}
}

// spoiled are the defects of bad archives, made in a good one: of 4 records and a
// mark in volume 0, the first of which begins at 132.
var spoiled = map[string]struct {
	spoil func(c *archtest.Crafted)
	want  outcome
}{
	"badlabel-1": {func(c *archtest.Crafted) { c.Put(".meta", 4, 0xdeadbe02) }, mended(badArchives["badlabel-1"].say)},
	"badlabel-2": {func(c *archtest.Crafted) { c.Put(".index", 4, 0x50052600) }, mended(badArchives["badlabel-2"].say)},
	"badlen-1":   {func(c *archtest.Crafted) { c.Put(".0", 132+first(c)-4, 132) }, cut(badArchives["badlen-1"].say)},
	"badlen-2":   {cutTo(".0", func(c *archtest.Crafted) int { return 132 + first(c) - 4 }), nothing(".0: offset 132: record: length 144" + torn)},
	"badlen-3":   {cutTo(".0", func(c *archtest.Crafted) int { return 132 + first(c) - 12 }), nothing(".0: offset 132: record: length 144" + torn)},
	"badlen-4":   {cutTo(".0", func(*archtest.Crafted) int { return 1 }), badArchives["badlen-4"]},
	"badlen-5":   {cutTo(".0", func(*archtest.Crafted) int { return 42 }), badArchives["badlen-5"]},
	"badlen-7":   {func(c *archtest.Crafted) { c.Put(".0", 128, 64) }, mended(badArchives["badlen-7"].say)},
	"badlen-9":   {cutTo(".meta", func(c *archtest.Crafted) int { return len(c.Files[".meta"]) - 9 }), cut(".meta: offset 1038: record: length 52" + torn)},
	"badlen-10":  {cutTo(".0", func(*archtest.Crafted) int { return 130 }), badArchives["badlen-10"]},
	"badlen-11":  {cutTo(".0", func(*archtest.Crafted) int { return 133 }), badArchives["badlen-11"]},
	"badlog-3":   {func(c *archtest.Crafted) { c.Put(".0", 132+first(c)+4, 1e9) }, badArchives["badlog-3"]},
	"ahead":      {func(c *archtest.Crafted) { c.Put(".0", 132+first(c)+4, 2e9) }, badArchives["badlog-3"]},
	"badlog-4": {func(c *archtest.Crafted) {
		for _, suffix := range []string{".meta", ".index", ".0"} {
			c.Put(suffix, 12, uint32(archtest.Start.Sec)+2)
		}
		c.Files[".index"] = c.Files[".index"][:132+20]
	}, suspicious},
	"badmeta-1": {func(c *archtest.Crafted) {
		c.Files[".meta"] = slices.Delete(c.Files[".meta"], 132, 132+int(binary.BigEndian.Uint32(c.Files[".meta"][132:])))
	}, suspicious},
	"badmeta-8":   {cutTo(".0", func(c *archtest.Crafted) int { return 132 + first(c) }), suspicious},
	"badti-2":     {func(c *archtest.Crafted) { c.Put(".index", 132+8, 0xffffffff); c.Put(".index", 152+4, 1000000) }, badArchives["badti-2"]},
	"badti-3":     {func(c *archtest.Crafted) { c.Put(".index", 152+8, 2); c.Put(".index", 172+16, 1e6) }, unindexed("152: ")},
	"badti-4":     {func(c *archtest.Crafted) { c.Put(".index", 132+16, 4); c.Put(".index", 152, 1e9) }, badArchives["badti-4"]},
	"ok-truncbin": {cutTo(".0", func(c *archtest.Crafted) int { return len(c.Files[".0"]) - 5 }), badArchives["ok-truncbin"]},
	"badti-1":     {cutTo(".index", func(c *archtest.Crafted) int { return len(c.Files[".index"]) - 10 }), suspicious},
	"empty": {func(c *archtest.Crafted) {
		clear(c.Files)
		c.Files[".meta"], c.Files[".index"], c.Files[".0"] = nil, nil, nil
	}, badArchives["empty"]},
	"bozo.client_v2.meta.bad.2": {func(c *archtest.Crafted) { c.Put(".meta", len(c.Files[".meta"])-4, 0xffffffff) }, mended(".meta: offset ")},
}

// first is the length of the first record of the volume.
func first(c *archtest.Crafted) int { return int(binary.BigEndian.Uint32(c.Files[".0"][132:])) }

func cutTo(suffix string, size func(c *archtest.Crafted) int) func(c *archtest.Crafted) {
	return func(c *archtest.Crafted) { c.Files[suffix] = c.Files[suffix][:size(c)] }
}

// TestSpoiledArchives is TestBadArchives for archives that the corpus lacks.
func TestSpoiledArchives(t *testing.T) {
	for name, tt := range spoiled {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := archtest.Craft(t, pcp.V2)
			sample := archtest.Sample(t, pcp.V2)
			c.Files[".meta"], c.Files[".index"], c.Files[".0"] = archtest.Members(t, sample)
			tt.spoil(c)
			c.Write()
			badArchive{t, c.Base, tt.want}.everything()
		})
	}
}

type badArchive struct {
	*testing.T
	base string
	want outcome
}

func (b badArchive) everything() {
	b.check()
	b.questions()
	b.values()
	b.copies()
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
	} else if !b.want.empty && args[0] != "export" { // the newest values may all be missing
		assert.NotEmpty(b, out, args)
	}
	return out
}

// says requires a message with the name of the file, the offset and the reason.
func (b badArchive) says(message string) {
	b.Helper()
	assert.Equal(b, 1, strings.Count(message, b.base+b.want.say), "%s\n%s", b.want.say, message)
}

func (b badArchive) check() {
	out, errs := b.command(b.want.check, "check", b.base)
	assert.Empty(b, errs)
	if b.want.check == exitFindings {
		assert.Contains(b, out, b.base+".")
	}
	saved := filepath.Join(b.TempDir(), "saved")
	if b.want.read == exitFailed || b.want.empty {
		_, errs = b.command(exitFailed, "check", "--salvage", saved, b.base)
		assert.Contains(b, errs, "nothing can be saved")
		return
	}
	b.command(b.want.check, "check", "--salvage", saved, b.base)
	out, _ = b.command(exitOK, "dump", "--output", "ndjson", saved)
	listed, _ := b.command(b.listing().want.read, "dump", "--output", "ndjson", b.base)
	const result = `"kind":"result"`
	assert.GreaterOrEqual(b, strings.Count(listed, result), strings.Count(out, result), "what can be saved is read")
}

// questions are those about metadata. Damage after it is no reason to fail.
func (b badArchive) questions() {
	status := exitOK
	if b.want.read == exitFailed || b.want.opened {
		status = b.want.read
	}
	informed := status
	if b.want.read == exitSkipped && !b.want.living && !b.want.dated {
		informed = exitSkipped
	}
	out, errs := b.command(informed, "info", b.base)
	switch {
	case informed != exitOK:
		b.says(errs)
	case b.want.read == exitSkipped && !b.want.dated:
		if strings.HasPrefix(b.want.say, ".0") {
			b.says(out) // up to where the archive is read is part of the answer
		}
	}
	b.command(status, "labels", "dump", b.base)
}

// values are what the data volumes hold.
func (b badArchive) values() {
	switch {
	case b.want.crumb:
		b.command(exitOK, "dump", b.base)
		b.command(exitSkipped, "dump", "--output", "ndjson", b.base)
	default:
		listed := b.listing()
		b.withholdsNothing(listed.read("dump", b.base))
		listed.read("dump", "--output", "ndjson", b.base)
	}
	b.read("summary", b.base)
	b.read("export", "prom", b.base)
	b.read("export", "tsdb", b.base, "-o", filepath.Join(b.TempDir(), "blocks"))
	status := b.want.read
	if b.want.living {
		status = exitOK
	}
	b.command(status, "query", `count({__name__=~".+"})`, b.base, "--start", "start")
}

// listing returns b for commands that list what is stored.
func (b badArchive) listing() badArchive {
	if b.want.dated {
		b.want.read = exitOK
	}
	return b
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
	if b.want.empty {
		b.want.read = exitFailed
	}
	b.read(args...)
	if b.want.read == exitFailed {
		_, err := os.Stat(to + ".meta")
		assert.ErrorIs(b, err, os.ErrNotExist)
		return
	}
	if b.want.dated {
		const result = `"kind":"result"`
		before, _ := b.command(exitOK, "dump", "--output", "ndjson", b.base)
		after, _ := b.command(exitOK, "dump", "--output", "ndjson", to)
		assert.Equal(b, strings.Count(before, result)-1, strings.Count(after, result))
		return
	}
	after, _ := b.command(exitOK, "dump", to)
	before, _ := b.command(b.want.read, "dump", b.base)
	assert.Equal(b, before, after)
}
