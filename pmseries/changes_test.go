package pmseries

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// writeMonitor writes an archive of a monitored host: four records from a number of records
// after the start, with a rack label that changes after two of them if there are two racks.
func writeMonitor(t testing.TB, dir, host string, from int, disks []string, racks ...string) string {
	base := filepath.Join(dir, fmt.Sprintf("%s-%d", host, from))
	b, err := archive.NewBuilder(base, host, nil)
	require.NoError(t, err)
	read := b.Metric("disk.dev.read", pcp.TypeU32, pcp.SemCounter, pcp.Units{DimCount: 1}, disks...)
	load := b.Metric("load", pcp.TypeU32, pcp.SemInstant, pcp.Units{})
	for i := range 4 {
		if i%2 == 0 && i/2 < len(racks) {
			set, err := labelset.New(labelset.Context, labelset.String("hostname", host), labelset.String("rack", racks[i/2]))
			require.NoError(t, err)
			require.NoError(t, b.Appender().SetLabels(&meta.Labels{
				Stamp: stampAt(from + i), Level: labelset.Context, Ident: meta.ContextIdent, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: set}},
			}))
		}
		values := make([]any, len(disks))
		for j := range values {
			values[j] = uint32(100*j + i)
		}
		read.Set(values...)
		load.Set(uint32(from + i))
		require.NoError(t, b.Record(stampAt(from+i).Time()))
	}
	require.NoError(t, b.Close())
	return base
}

// TestChangedLabels shows a host whose labels change as two series, each with the values of
// its time, also over several archives.
func TestChangedLabels(t *testing.T) {
	dir := t.TempDir()
	writeMonitor(t, dir, "node88", 0, []string{"sda"}, "r1", "r2")
	writeMonitor(t, dir, "node88", 10, []string{"sda"}, "r2")
	v := viewOf(t, dir)
	assert.Equal(t, []string{"node88 10 =1", "node88 0 =0"}, answerOf(t, v, `load{rack=="r1"}[count:100]`))
	assert.Equal(t, []string{"node88 130 =13", "node88 120 =12", "node88 110 =11", "node88 100 =10", "node88 30 =3", "node88 20 =2"},
		answerOf(t, v, `load{rack=="r2"}[count:100]`))
	assert.Len(t, ask(t, v, `load`).Series, 2)
	assert.Empty(t, ask(t, v, `load{rack=="r3"}`).Series)
}

// TestSelectionByInstance finds the metrics of hosts by instances that only some of their
// archives have.
func TestSelectionByInstance(t *testing.T) {
	dir := t.TempDir()
	writeMonitor(t, dir, "node88", 0, []string{"sda"})
	writeMonitor(t, dir, "node88", 10, []string{"sda", "sdb"})
	writeMonitor(t, dir, "node89", 0, []string{"sda"})
	v := viewOf(t, dir)
	for condition, want := range map[string]int{`"sda"`: 2, `"sdb"`: 1, `"sdc"`: 0} {
		assert.Len(t, ask(t, v, `{instance.name==`+condition+`}`).Series, want, condition)
		assert.Len(t, ask(t, v, `disk.dev.read{instance.name==`+condition+`}`).Series, want, condition)
	}
	assert.Len(t, ask(t, v, `{instance.name=="sdb" || hostname=="node89"}`).Series, 3)
	assert.Equal(t, []string{"node88 130 sdb=103", "node88 120 sdb=102"}, answerOf(t, v, `disk.dev.read{instance.name=="sdb"}[count:2]`))
}

// TestHolds finds archives by relative and absolute paths.
func TestHolds(t *testing.T) {
	dir := t.TempDir()
	base := writeMonitor(t, dir, "node88", 0, []string{"sda"})
	t.Chdir(filepath.Dir(dir))
	for _, v := range []*View{viewOf(t, dir), viewOf(t, filepath.Base(dir))} {
		for path, want := range map[string]bool{
			"": false, "/": true, dir: true, dir + "/": true, base: true, base + ".0": true, base + ".meta": true,
			filepath.Base(dir): true, "./" + filepath.Base(dir): true, base[:len(base)-1]: false, base + "x": false, strings.TrimSuffix(dir, "1") + "7": false,
		} {
			assert.Equal(t, want, v.Holds(path), path)
		}
	}
}

// answerOf returns the lines of an answer.
func answerOf(t *testing.T, v *View, expr string) []string {
	return lines(v, ask(t, v, expr))
}
