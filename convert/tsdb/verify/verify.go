package verify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/pcparchive/pcparchive/convert/tsdb/block"
	"github.com/pcparchive/pcparchive/finding"
)

// Options select the rules for blocks and the findings to yield.
type Options struct {
	Target Target           // system whose rules apply; empty means Prometheus
	Min    finding.Severity // lowest severity of the findings to yield
	// Limit is the maximum number of findings of one code to yield for a block. Further
	// findings are only counted. Zero means finding.DefaultLimit, and a negative value means no limit.
	Limit int
}

// Find returns the folders of blocks at the given paths. A path is a block or a folder of
// blocks. The result includes incomplete blocks that a writer has left.
func Find(paths []string) ([]string, error) {
	var found []string
	var failed error
	for _, path := range paths {
		dirs, err := blocksAt(path)
		failed = errors.Join(failed, err)
		for _, dir := range dirs {
			if !slices.Contains(found, dir) {
				found = append(found, dir)
			}
		}
	}
	return found, failed
}

func blocksAt(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var dirs []string
	for _, e := range entries {
		switch e.Name() {
		case block.MetaName, "index", "chunks":
			return []string{filepath.Clean(path)}, nil
		}
		id, _, _ := strings.Cut(e.Name(), ".")
		if _, err := ulid.ParseStrict(id); err == nil && e.IsDir() {
			dirs = append(dirs, filepath.Join(path, e.Name()))
		}
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("%s: neither a block nor a folder of blocks: %w", path, fs.ErrNotExist)
	}
	return dirs, nil
}

// Run checks the blocks in the given folders by the rules of a target: each block, and
// then the blocks together. It reads every byte of the indexes and the chunks. A finding
// names the series and the rule; its Archive is the folder of the block.
func Run(ctx context.Context, dirs []string, o Options) iter.Seq[finding.Finding] {
	if o.Target == "" {
		o.Target = Prometheus
	}
	return func(yield func(finding.Finding) bool) {
		s := &findings{o: o, yield: yield, now: time.Now()}
		var whole []verified
		for _, dir := range dirs {
			if s.stopped || ctx.Err() != nil {
				return
			}
			s.begin(dir)
			if m := checkBlock(ctx, s, dir); m != nil {
				whole = append(whole, verified{dir, m})
			}
			s.end()
		}
		s.compareBlocks(whole)
	}
}

// findings yields the findings of a check, up to the limit for each code and block.
type findings struct {
	o       Options
	yield   func(finding.Finding) bool
	now     time.Time
	dir     string
	tally   finding.Tally
	stopped bool
}

// begin starts the count of findings for a block.
func (s *findings) begin(dir string) { s.dir, s.tally = dir, finding.NewTally(s.o.Limit) }

// add reports a finding about a file of the block; an empty file means the block.
func (s *findings) add(code finding.Code, file, format string, args ...any) {
	severity := s.severity(code)
	if severity == noRule || severity < s.o.Min {
		return
	}
	if !s.tally.Add(code) {
		return
	}
	s.send(finding.Finding{Code: code, Severity: severity, File: filepath.Join(s.dir, file), Message: fmt.Sprintf(format, args...)})
}

// severity returns the severity of a code for the target.
func (s *findings) severity(code finding.Code) finding.Severity {
	for i := range rules {
		if rules[i].code == code {
			return rules[i].severity[s.o.Target.column()]
		}
	}
	return noRule
}

// send yields a finding about the current block.
func (s *findings) send(f finding.Finding) {
	f.Archive, f.Offset = s.dir, -1
	if !s.stopped && !s.yield(f) {
		s.stopped = true
	}
}

// end yields the number of findings over the limit.
func (s *findings) end() {
	for f := range s.tally.Omitted(Codes(s.o.Target)) {
		f.File = s.dir
		s.send(f)
	}
}

// checkBlock checks one block. It returns meta.json, or nil if the file is missing or
// wrong.
func checkBlock(ctx context.Context, s *findings, dir string) *block.Meta {
	id := filepath.Base(dir)
	if rest, tail, cut := strings.Cut(id, "."); cut {
		if _, err := ulid.ParseStrict(rest); err == nil {
			s.add(BlockIncomplete, "", "the folder's name ends in .%s, so servers ignore it", tail)
			return nil
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, block.MetaName))
	if err != nil {
		s.add(BlockMeta, block.MetaName, "%v", block.Reason(err))
		return nil
	}
	m := &block.Meta{}
	if err := json.Unmarshal(text, m); err != nil {
		s.add(BlockMeta, block.MetaName, "%v", err)
		return nil
	}
	if m.Version != 1 {
		s.add(BlockMeta, block.MetaName, "version %d, want 1", m.Version)
		return nil
	}
	s.meta(m, id)
	checkContents(ctx, s, dir, m)
	return m
}

// meta checks the fields of meta.json.
func (s *findings) meta(m *block.Meta, folder string) {
	if _, err := ulid.ParseStrict(folder); err != nil {
		s.add(BlockULID, "", "the name of the folder, %q, is not a ULID", folder)
	} else if m.ULID.String() != folder {
		s.add(BlockULID, block.MetaName, "%s, but the folder is %s", m.ULID, folder)
	}
	switch {
	case m.MinTime >= m.MaxTime:
		s.add(BlockTimes, block.MetaName, "the block ends at %s and begins at %s", block.FormatTime(m.MaxTime), block.FormatTime(m.MinTime))
		return
	case m.MinTime < 0 && s.o.Target == Mimir:
		s.add(BlockTimes, block.MetaName, "the block begins before 1970, at %s", block.FormatTime(m.MinTime))
	}
	if m.MaxTime > s.now.UnixMilli() {
		s.add(BlockFuture, block.MetaName, "the block ends at %s", block.FormatTime(m.MaxTime))
	}
	if day(m.MinTime) != day(m.MaxTime-1) {
		s.add(BlockDay, block.MetaName, "from %s to %s, past midnight UTC", block.FormatTime(m.MinTime), block.FormatTime(m.MaxTime-1))
	}
	s.thanos(m)
}

// mimirLabels are the external labels that Mimir accepts.
var mimirLabels = []string{"__org_id__", "__ingester_id__", "__compactor_shard_id__"}

// thanos checks the section with external labels.
func (s *findings) thanos(m *block.Meta) {
	switch {
	case s.o.Target == Mimir:
		if m.Thanos == nil {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(m.Thanos.Labels)) {
			if !slices.Contains(mimirLabels, name) {
				s.add(BlockExternal, block.MetaName, "external label %s=%q", name, m.Thanos.Labels[name])
			}
		}
	case m.Thanos == nil:
		s.add(BlockExternal, block.MetaName, "the section thanos is missing")
	case m.Thanos.Version > 1:
		s.add(BlockExternal, block.MetaName, "the section thanos has version %d, want 1", m.Thanos.Version)
	case len(m.Thanos.Labels) == 0:
		s.add(BlockExternal, block.MetaName, "the section thanos has no external labels")
	}
	if m.Thanos.Resolution() > 0 {
		s.add(BlockDownsampled, block.MetaName, "downsampled by Thanos to %s: only Thanos can read it", m.Thanos.Resolution())
	}
}

// verified is a block that was checked.
type verified struct {
	dir  string
	meta *block.Meta
}

// compareBlocks reports blocks that overlap or share a day.
func (s *findings) compareBlocks(all []verified) {
	slices.SortStableFunc(all, func(a, b verified) int { return cmp.Compare(a.meta.MinTime, b.meta.MinTime) })
	latest := map[string]verified{} // by external labels
	days := map[int64]verified{}
	for _, b := range all {
		if s.stopped {
			return
		}
		s.begin(b.dir)
		group := ""
		if s.o.Target == Thanos && b.meta.Thanos != nil {
			text, _ := json.Marshal(b.meta.Thanos) // cannot fail: the value was JSON before
			group = string(text)
		}
		before, ok := latest[group]
		if ok && before.meta.MaxTime > b.meta.MinTime {
			s.add(BlockOverlap, "", "overlaps %[3]s from %[1]s to %[2]s", block.FormatTime(b.meta.MinTime), block.FormatTime(min(b.meta.MaxTime, before.meta.MaxTime)-1), filepath.Base(before.dir))
		}
		if !ok || before.meta.MaxTime < b.meta.MaxTime {
			latest[group] = b
		}
		if other, ok := days[day(b.meta.MinTime)]; ok {
			s.add(BlockDayTwice, "", "%s has the same UTC day", filepath.Base(other.dir))
		}
		days[day(b.meta.MinTime)] = b
	}
}

// day returns the number of the UTC day of a time.
func day(ms int64) int64 {
	const length = 24 * int64(time.Hour/time.Millisecond)
	n := ms / length
	if ms%length < 0 {
		n--
	}
	return n
}
