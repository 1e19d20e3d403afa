package check_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/oracle"
)

// badArchives has, for archives that are known to be bad, the codes that say
// what is wrong with them; format.md, section 10. Of those that are not in the
// corpus others are made by the tests of codes and of damage.
var badArchives = map[string][]finding.Code{
	"20180608.04.23-01":         {check.IndexOffset, check.IndexOrder},
	"20230506.20.02-01":         {check.IndexOffset, check.MetricUnknown},
	"541380":                    {check.LabelVersion},
	"951127.23.01":              {check.LabelVersion},
	"960624.08.17":              {check.LabelVersion},
	"ace":                       {check.LabelVersion},
	"archive-20141125-000009":   {check.ValueFormat, check.DescUnits},
	"archive-20150417.131733":   {check.FrameLength, check.FrameLost},
	"babylon.percpu":            {check.LabelVersion},
	"babylon.pmview":            {check.LabelVersion},
	"badlabel-0":                {},
	"badlabel-1":                {check.LabelMagic},
	"badlabel-2":                {check.LabelVersion},
	"badlen-0":                  {},
	"badlen-1":                  {check.FrameTrailer},
	"badlen-2":                  {check.FrameTorn},
	"badlen-3":                  {check.FrameTorn},
	"badlen-4":                  {check.LabelRecord},
	"badlen-5":                  {check.LabelRecord},
	"badlen-6":                  {check.LabelRecord},
	"badlen-7":                  {check.LabelRecord},
	"badlen-8":                  {check.LabelVersion},
	"badlen-9":                  {check.FrameTorn},
	"badlen-10":                 {check.LabelRecord},
	"badlen-11":                 {check.FrameTorn},
	"badlog-1":                  {check.FrameTorn},
	"badlog-2":                  {check.CounterReset},
	"badlog-3":                  {check.DataStart, check.DataOrder},
	"badlog-4":                  {check.MetaTime, check.DataStart},
	"badmeta-1":                 {check.IndexOffset, check.MetricUnknown},
	"badmeta-2":                 {check.DescType, check.DescSemantics, check.DescUnits, check.DescDomain},
	"badmeta-3":                 {check.MetaRecord},
	"badmeta-4":                 {check.MetaRecord},
	"badmeta-5":                 {check.MetaRecord},
	"badmeta-6":                 {check.MetaVersion},
	"badmeta-7":                 {check.MetaVersion},
	"badmeta-8":                 {check.IndexOffset, check.MetaTime},
	"badti-1":                   {check.IndexTorn},
	"badti-2":                   {check.IndexVolume, check.IndexTime},
	"badti-3":                   {check.IndexVolume, check.IndexOrder, check.IndexOffset},
	"badti-4":                   {check.IndexOffset, check.IndexOrder},
	"bigace":                    {check.LabelVersion},
	"bozo-vm-disk":              {},
	"bozo.client":               {check.LabelVersion},
	"bozo.client_v2.meta.bad.1": {check.FrameTrailer},
	"bozo.client_v2.meta.bad.2": {check.FrameTrailer},
	"bug":                       {check.LabelVersion},
	"corrupted_labelset":        {check.FrameTrailer},
	"empty":                     {check.FileEmpty},
	"err_v1":                    {check.LabelVersion},
	"logsummary-bug":            {check.ValueType},
	"ok-truncbin":               {check.FrameTorn},
	"old611":                    {},
}

func TestBadArchives(t *testing.T) {
	for _, base := range oracle.Archives(t, "badarchives", false) {
		stem := filepath.Base(base)
		t.Run(stem, func(t *testing.T) {
			want, ok := badArchives[stem]
			assert.True(t, ok, "not in the table")
			found := slices.Collect(check.Archive(t.Context(), base, &check.Options{Min: finding.Warning}))
			assert.Subset(t, codes(found), want)
			if len(want) == 0 {
				assert.Empty(t, found)
			}
		})
	}
}

// wording are messages of pmlogcheck and the codes one of which says the same.
// Its passes end at the first fatal message, and ours do not.
var wording = []struct {
	message string
	codes   []finding.Code
}{
	{`bad label version`, []finding.Code{check.LabelVersion}},
	{`bad label magic`, []finding.Code{check.LabelMagic}},
	{`in label record`, []finding.Code{check.LabelRecord}},
	{`contains no PCP data`, []finding.Code{check.FileEmpty, check.VolumeEmpty}},
	{`\[record \d+\]: unexpected EOF in record`, []finding.Code{check.FrameTorn}},
	{`\[record \d+\]: illegal (header|trailer)`, []finding.Code{check.FrameLength, check.FrameTrailer}},
	{`length mismatch`, []finding.Code{check.FrameTrailer}},
	{`unexpected EOF in index entry`, []finding.Code{check.IndexTorn}},
	{`unexpected record type`, []finding.Code{check.MetaVersion}},
	{`index is missing`, []finding.Code{check.IndexMissing}},
	{`offset to .* before end of label`, []finding.Code{check.IndexOffset}},
	{`offset to .* past end`, []finding.Code{check.IndexOffset}},
	{`offset to .* decreased`, []finding.Code{check.IndexOrder}},
	{`\[entry \d+\]: .*went backwards`, []finding.Code{check.IndexOrder}},
	{`(non-zero|bad) (scale|dimension)`, []finding.Code{check.DescUnits}},
	{`bad (type|data type)`, []finding.Code{check.DescType}},
	{`bad semantics`, []finding.Code{check.DescSemantics}},
	{`pmLookupDesc failed`, []finding.Code{check.MetricUnknown}},
	{`encoding botch`, []finding.Code{check.ValueFormat}},
	{`-bit wrap`, []finding.Code{check.CounterReset, check.CounterWrap}},
	{`pmExtractValue`, []finding.Code{check.ValueType}},
}

// TestReference compares with pmlogcheck: its exit status with whether we find
// errors, and its messages with our codes.
func TestReference(t *testing.T) {
	agree, all := 0, 0
	for _, base := range slices.Concat(oracle.Archives(t, "archives", false), oracle.Archives(t, "badarchives", false)) {
		stem := filepath.Base(base)
		t.Run(stem, func(t *testing.T) {
			cmd := oracle.Command(t, "pmlogcheck", stem) // a name such as badmeta-2.0 misleads it, a path does not
			cmd.Dir = filepath.Dir(base)
			out, _ := cmd.CombinedOutput()
			found := slices.Collect(check.Archive(t.Context(), base, nil))
			errors := slices.DeleteFunc(slices.Clone(found), func(f finding.Finding) bool { return f.Severity < finding.Error })
			same := (cmd.ProcessState.ExitCode() != 0) == (len(errors) > 0)
			all++
			if same {
				agree++
			}
			assert.True(t, same, "pmlogcheck ends with %d\n%s\nerrors: %v", cmd.ProcessState.ExitCode(), out, errors)
			assertSaid(t, string(out), codes(found))
		})
	}
	t.Logf("exit status and errors agree for %d of %d archives", agree, all)
}

// assertSaid checks that what pmlogcheck says is among our codes.
func assertSaid(t *testing.T, out string, found []finding.Code) {
	t.Helper()
	for _, w := range wording {
		if !regexp.MustCompile(w.message).MatchString(out) {
			continue
		}
		if w.message == `-bit wrap` && onlyOldBlocks(out) {
			continue
		}
		assert.True(t, slices.ContainsFunc(w.codes, func(c finding.Code) bool { return slices.Contains(found, c) }),
			"pmlogcheck: %s; we: %v", w.message, found)
	}
}

// onlyOldBlocks reports whether all counters that fall are of archives that were
// converted from version 1. Their 64-bit blocks do not tell their type, so the
// reference does not swap their bytes and compares something else than the
// values.
func onlyOldBlocks(out string) bool {
	for line := range strings.Lines(out) {
		if strings.Contains(line, "-bit wrap") && !strings.Contains(line, ": disk.all.") {
			return false
		}
	}
	return true
}
