package archive_test

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestSetsShareTheirBound checks that one limit bounds the metadata kept for
// all hosts.
func TestSetsShareTheirBound(t *testing.T) {
	dir := t.TempDir()
	for _, host := range []string{"a", "b"} {
		recording{name: host, host: host, secs: []int64{1}}.write(t, dir)
	}
	for _, tt := range []struct {
		keep int64
		same bool
	}{{0, true}, {-1, false}} {
		hosts, err := store.Open([]string{dir}, &archive.ReadOptions{KeepMetadata: tt.keep})
		require.NoError(t, err)
		sets := hosts.Sets()
		reader := func(i int) *archive.Reader { return slices.Collect(sets[i].Readers())[0] }
		first := reader(0)
		assert.Same(t, first, reader(0), "what was used last is kept in any case")
		assert.NotSame(t, first, reader(1))
		assert.Equal(t, tt.same, first == reader(0), tt.keep)
	}
}

// TestReaderIsShared reads one archive, plain and compressed, from several
// goroutines in all ways.
func TestReaderIsShared(t *testing.T) {
	for _, pack := range []archive.Compression{archive.CompressNone, archive.CompressGzip} {
		base := filepath.Join(t.TempDir(), "rec")
		a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{VolumeRecords: 30, Compress: pack, CompressLast: true})
		require.NoError(t, err)
		archtest.Fill(t, a)
		for sec := range int64(100) { // each record changes the instances
			now := archtest.Start.Add(time.Duration(sec+10) * time.Second)
			load := &meta.InDom{Stamp: now, ID: archtest.Domain, Instances: []meta.Instance{{ID: 1, Name: "one"}, {ID: pcp.InstID(2 + sec%5), Name: "x"}}}
			require.NoError(t, a.SetInDom(load))
			require.NoError(t, a.Append(&archive.Result{Stamp: now, Sets: []archive.ValueSet{{
				PMID: archtest.Load.PMID, Format: archive.Block, Values: []history.Value{
					history.NumberValue(1, pcp.TypeFloat, uint64(sec)), history.NumberValue(pcp.InstID(2+sec%5), pcp.TypeFloat, 0),
				},
			}}}))
		}
		require.NoError(t, a.Close())
		r, err := archive.Open(base, nil)
		require.NoError(t, err)
		steps := func(all iter.Seq2[*history.Step, error]) (list []string) {
			for step, err := range all {
				if !assert.NoError(t, err) {
					return nil
				}
				list = append(list, describeStep(step))
			}
			return list
		}
		want := steps(r.Steps(history.Query{}))
		var all sync.WaitGroup
		for worker := range 8 {
			all.Go(func() {
				switch worker % 4 {
				case 0:
					assert.Equal(t, want, steps(r.Steps(history.Query{})))
				case 1:
					back := steps(r.Backward(history.Query{}))
					slices.Reverse(back)
					assert.Equal(t, want, back)
				case 2:
					n := 0
					for _, err := range r.Records(archive.RoleData) {
						assert.NoError(t, err)
						n++
					}
					assert.Len(t, want, n)
				default:
					_, err := r.End()
					assert.NoError(t, err)
					_, err = r.Ending()
					assert.NoError(t, err)
				}
			})
		}
		all.Wait()
		assert.Empty(t, r.Warnings())
	}
}

// TestSetIsShared reads a Set that exceeds its limits from several goroutines
// in all directions.
func TestSetIsShared(t *testing.T) {
	dir := t.TempDir()
	var want []string
	for i := range int64(6) {
		recording{name: fmt.Sprint("rec", i), pid: int32(i), secs: []int64{10*i + 1, 10*i + 2, 10*i + 3}}.write(t, dir)
	}
	hosts, err := store.Open([]string{dir}, &archive.ReadOptions{KeepMetadata: 1000})
	require.NoError(t, err)
	s, err := hosts.Only()
	require.NoError(t, err)
	want = timeline(t, s, history.Query{})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			switch worker % 4 {
			case 0:
				assert.Equal(t, want, timeline(t, s, history.Query{}))
			case 1:
				back := timelineOf(t, s.Backward(history.Query{}))
				slices.Reverse(back)
				assert.Equal(t, want, back)
			case 2:
				for r := range s.Between(at(11), at(39)) {
					_, ok := r.Meta().Lookup("sample.count")
					assert.True(t, ok)
				}
			default:
				end, err := s.End()
				assert.NoError(t, err)
				assert.Equal(t, at(53), end)
				_, err = s.Ending()
				assert.NoError(t, err)
			}
		})
	}
	all.Wait()
	assert.Empty(t, hosts.Problems())
}
