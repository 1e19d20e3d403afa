package serve

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/store"
)

// export writes the archives at a path as blocks and returns their folders.
func export(t *testing.T, path, dir string) (made []string) {
	t.Helper()
	hosts, err := store.Open([]string{path}, nil)
	require.NoError(t, err)
	report := &prom.Report{}
	blocks, err := write.NewBlocks(dir, write.Options{BlockRange: write.DefaultBlockRange, Report: report})
	require.NoError(t, err)
	src := &flatten.Source{Sets: hosts.Sets(), Options: flatten.Options{TargetLabels: true, Report: report}}
	require.NoError(t, prom.Copy(context.Background(), blocks, src))
	require.NoError(t, blocks.Close())
	for _, b := range blocks.Written() {
		made = append(made, b.Dir)
	}
	return made
}

// TestBlocksBeside wants blocks and archives in one answer, and the same answer whether a
// sample is in a block, in an archive, or in both.
func TestBlocksBeside(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	record(t, filepath.Join(dir, "new"), "web1").put(100, 160).close()
	record(t, filepath.Join(other, "old"), "web1").put(0, 60).close()
	record(t, filepath.Join(other, "web2"), "web2").put(100, 160).close()
	made := export(t, other, filepath.Join(dir, "data"))
	require.NotEmpty(t, made)
	s := run(t, Options{Paths: []string{dir}, Rescan: -1})
	assert.Len(t, s.Summary().Blocks, len(made))
	assert.Equal(t, Window{at(0), at(159)}, s.Summary().Window)
	assert.Equal(t, "2", s.value("count(count by (hostname) (kernel_all_load))", at(150)))
	assert.Equal(t, "120", s.value(`count_over_time(test_requests{hostname="web1"}[10m])`, at(159)))
	assert.Equal(t, "60", s.value(`count_over_time(test_requests{hostname="web2"}[10m])`, at(159)))

	// Blocks belong to no host: questions about hosts leave them out.
	_, one, _ := s.get("/api/v1/query?host=web1&time=" + strconv.FormatInt(at(159).Unix(), 10) + "&query=" + url.QueryEscape("sum(count_over_time(test_requests[10m]))"))
	assert.Contains(t, one, `"60"]`)

	// The archive of the block joins it: nothing is counted twice.
	record(t, filepath.Join(dir, "old"), "web1").put(0, 60).close()
	s.reload()
	assert.Equal(t, "120", s.value(`count_over_time(test_requests{hostname="web1"}[10m])`, at(159)))

	// A block that cannot be read costs itself alone.
	require.NoError(t, os.Truncate(filepath.Join(made[0], "index"), 10))
	require.NoError(t, os.Chtimes(filepath.Join(made[0], "meta.json"), at(0), at(0)))
	s.reload()
	a := s.query(`count_over_time(test_requests{hostname="web1"}[10m])`, at(159))
	assert.Equal(t, "120", a.Data.Result[0].Value[1])
	require.NotEmpty(t, a.Warnings)
	assert.Contains(t, a.Warnings[0], made[0])
	_, page, _ := s.get("/api/archives")
	assert.Contains(t, page, "index")

	for _, folder := range made {
		require.NoError(t, os.RemoveAll(folder))
	}
	s.reload()
	assert.Empty(t, s.Summary().Blocks)
	assert.Empty(t, s.Summary().Damage)
}

// TestOnlyBlocks serves a folder of a Prometheus server, moved in time.
func TestOnlyBlocks(t *testing.T) {
	other, data := t.TempDir(), t.TempDir()
	record(t, filepath.Join(other, "rec"), "web1").put(0, 60).close()
	made := export(t, other, data)
	for _, path := range []string{data, made[0]} {
		s := run(t, Options{Paths: []string{path}, Rescan: -1, ShiftTo: at(3600)})
		assert.Equal(t, "60", s.value(`count_over_time(test_requests[1m])`, at(3600)))
		assert.Equal(t, "59", s.value(`kernel_all_load{instname="1 minute"}`, at(3600)))
	}
}

// TestRangesInSections asks for ranges that the engine evaluates in sections, over archives, blocks and rules at moved
// times. The answers must be those of the whole, which the engine evaluates where statistics are asked for.
func TestRangesInSections(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	record(t, filepath.Join(dir, "new"), "web1").put(0, 300).put(340, 600).close()
	record(t, filepath.Join(other, "web2"), "web2").put(100, 500).close()
	require.NotEmpty(t, export(t, other, filepath.Join(dir, "data")))
	today := at(0).Add(1000 * time.Hour)
	s := run(t, Options{Paths: []string{dir}, Rescan: -1, ShiftTo: today})
	for _, expr := range []string{
		"kernel_all_load", "sum(rate(test_requests[1m]))", "topk(2, kernel_all_load)", "count by (hostname) (kernel_all_load)",
		"max_over_time(kernel_all_load[20s]) - on(hostname, instname) kernel_all_load offset 30s", "absent(test_requests)",
	} {
		ask := func(more string) json.RawMessage {
			_, body, _ := s.get("/api/v1/query_range?step=0.5&start=" + seconds(today.Add(-600*time.Second)) + "&end=" + seconds(today) + more + "&query=" + url.QueryEscape(expr))
			var reply struct {
				Data struct{ Result json.RawMessage }
			}
			require.NoError(t, json.Unmarshal([]byte(body), &reply), body)
			return reply.Data.Result
		}
		want := ask("&stats=all")
		assert.Equal(t, string(want), string(ask("")), expr)
		if expr != "absent(test_requests)" {
			assert.Greater(t, len(want), 1000, expr)
		}
	}
}
