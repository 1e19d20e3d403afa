package archive_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

var often = &archive.ReadOptions{Poll: time.Millisecond}

// following receives the steps of a follower.
type following chan event

// event is a formatted step, or the end with its error.
type event struct {
	step string
	end  bool
	err  error
}

// follow follows an archive until the test ends or stop is called.
func follow(t *testing.T, base string, q history.Query) (f following, stop func()) {
	return followWith(t, base, often, q)
}

func followWith(t *testing.T, base string, o *archive.ReadOptions, q history.Query) (f following, stop func()) {
	r, err := archive.Open(base, o)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	f = make(following, 10000)
	go func() {
		var err error
		for step, e := range r.Follow(ctx, q) {
			if err = e; err != nil {
				break
			}
			_, values, _ := strings.Cut(describeStep(step), " ")
			f <- event{step: fmt.Sprint(step.Stamp.Sec, " ", values)}
		}
		f <- event{end: true, err: err}
	}()
	return f, cancel
}

func (f following) wait(t *testing.T) event {
	t.Helper()
	select {
	case e := <-f:
		return e
	case <-time.After(2 * time.Minute):
		require.Fail(t, "nothing comes")
		return event{}
	}
}

// next waits for a step.
func (f following) next(t *testing.T) string {
	t.Helper()
	e := f.wait(t)
	require.False(t, e.end, "it ended: %v", e.err)
	return e.step
}

// nothing checks that no step arrives for a while.
func (f following) nothing(t *testing.T) {
	t.Helper()
	select {
	case e := <-f:
		require.Fail(t, "it goes on", "%+v", e)
	case <-time.After(30 * time.Millisecond):
	}
}

// ending waits for the end and returns the error.
func (f following) ending(t *testing.T) error {
	t.Helper()
	e := f.wait(t)
	require.True(t, e.end, e.step)
	return e.err
}

// TestFollow follows an Appender through new records, metadata and volumes.
func TestFollow(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		a, base := create(t, v)
		put := func(sec int64, sets ...archive.ValueSet) {
			require.NoError(t, a.Append(&archive.Result{Stamp: at(sec), Sets: sets}))
		}
		load := func(insts ...pcp.InstID) archive.ValueSet {
			s := archive.ValueSet{PMID: archtest.Load.PMID, Format: archive.Block}
			for _, i := range insts {
				s.Values = append(s.Values, history.NumberValue(i, pcp.TypeFloat, 0))
			}
			return s
		}
		domain := func(sec int64, names ...string) {
			in := &meta.InDom{Stamp: at(sec), ID: archtest.Domain}
			for i, name := range names {
				in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: name})
			}
			require.NoError(t, a.SetInDom(in))
		}
		number := archive.ValueSet{PMID: archtest.Count.PMID, Values: []history.Value{history.WordValue(pcp.InstNull, 7)}}

		require.NoError(t, a.Define(archtest.Count))
		put(1, number)
		require.NoError(t, a.Flush())
		f, stop := follow(t, base, history.Query{})
		assert.Equal(t, "1 sample.count=7", f.next(t))
		f.nothing(t)

		put(2, number, load(0)) // the metric has no descriptor yet
		require.NoError(t, a.Flush())
		assert.Equal(t, "2 sample.count=7", f.next(t))

		require.NoError(t, a.Define(archtest.Load))
		domain(3, "one")
		put(3, number, load(0))
		put(4, load(0, 1))
		f.nothing(t) // the record is still in the Appender's buffer
		require.NoError(t, a.Flush())
		assert.Equal(t, "3 sample.count=7 sample.load[one]=0", f.next(t))
		assert.Equal(t, "4 sample.load[one]=0 sample.load[]=0", f.next(t))

		domain(5, "one", "two")
		set, err := labelset.Parse(`{"n":2}`, labelset.Instances)
		require.NoError(t, err)
		require.NoError(t, a.SetLabels(&meta.Labels{Stamp: at(5), Level: labelset.Instances, Ident: uint32(archtest.Domain), Sets: []labelset.Instance{{Inst: 1, Set: set}}}))
		put(5, load(0, 1))
		require.NoError(t, a.Flush())
		assert.Equal(t, `5 sample.load[one]=0 sample.load[two n="2"]=0`, f.next(t))

		for sec := int64(6); sec < 12; sec += 2 {
			require.NoError(t, a.Rotate())
			put(sec, number)
			put(sec+1, number)
			require.NoError(t, a.Flush())
			assert.Equal(t, fmt.Sprint(sec, " sample.count=7"), f.next(t))
			assert.Equal(t, fmt.Sprint(sec+1, " sample.count=7"), f.next(t))
		}
		require.NoError(t, a.Close())
		f.nothing(t)

		late, stopLate := follow(t, base, history.Query{From: at(9), To: at(10)})
		assert.Equal(t, "9 sample.count=7", late.next(t))
		assert.Equal(t, "10 sample.count=7", late.next(t))
		require.NoError(t, late.ending(t), "a later record was met")
		stopLate()
		stop()
		require.NoError(t, f.ending(t))
	})
}

// TestFollowConcurrently runs a busy writer and followers that start at any
// time.
func TestFollowConcurrently(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base := t.TempDir() + "/rec"
		a, err := archive.Create(base, archtest.Header, &archive.WriteOptions{Version: v, Buffer: 300, VolumeRecords: 97})
		require.NoError(t, err)
		require.NoError(t, a.Define(archtest.Load))
		const records = 2000
		write := func(sec int64) {
			name := fmt.Sprint("i", sec/3)
			require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at(sec), ID: archtest.Domain, Instances: []meta.Instance{{ID: 5, Name: name}}}))
			require.NoError(t, a.Append(&archive.Result{Stamp: at(sec), Sets: []archive.ValueSet{
				{PMID: archtest.Load.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(5, pcp.TypeFloat, 0)}},
			}}))
		}
		write(1)
		require.NoError(t, a.Flush())
		written := make(chan struct{})
		var all []following
		for range 3 {
			f, stop := follow(t, base, history.Query{})
			defer stop()
			all = append(all, f)
		}
		go func() {
			defer close(written)
			for sec := int64(2); sec <= records; sec++ {
				write(sec)
			}
			require.NoError(t, a.Close())
		}()
		for _, f := range all {
			for sec := int64(1); sec <= records; sec++ {
				require.Equal(t, fmt.Sprintf("%d sample.load[i%d]=0", sec, sec/3), f.next(t))
			}
		}
		<-written
	})
}

// TestFollowHalfWritten extends files byte by byte.
func TestFollowHalfWritten(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		base, header := threeVolumes(t, v)
		raw := map[string][]byte{}
		for _, suffix := range []string{".0", ".1", ".2", ".meta"} {
			b, err := os.ReadFile(base + suffix)
			require.NoError(t, err)
			raw[suffix] = b
			require.NoError(t, os.Remove(base+suffix))
		}
		grow := func(suffix string, from, to int64) {
			f, err := os.OpenFile(base+suffix, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
			require.NoError(t, err)
			_, err = f.Write(raw[suffix][from:to])
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}
		size := (int64(len(raw[".0"])) - header) / 2
		grow(".meta", 0, int64(len(raw[".meta"])))
		grow(".0", 0, header+size)
		f, stop := follow(t, base, history.Query{})
		defer stop()
		assert.Equal(t, "1 sample.count=0", f.next(t))
		for n := header + size; n < header+2*size; n++ {
			grow(".0", n, n+1)
			time.Sleep(2 * time.Millisecond)
		}
		assert.Equal(t, "2 sample.count=1", f.next(t))
		hourAgo := time.Now().Add(-time.Hour)
		for n := int64(0); n < header; n += 50 {
			grow(".1", n, min(n+50, header))
			require.NoError(t, os.Chtimes(filepath.Dir(base), hourAgo, hourAgo)) // the modification time of the folder must not reveal the change
			time.Sleep(3 * time.Millisecond)
		}
		f.nothing(t)
		grow(".1", header, header+size+5)
		assert.Equal(t, "3 sample.count=2", f.next(t))
		f.nothing(t)
		require.NoError(t, os.Truncate(base+".1", header+size)) // a restarted writer does the same
		f.nothing(t)
		grow(".1", header+size, header+2*size)
		assert.Equal(t, "4 sample.count=3", f.next(t))
	})
}

// grow appends to a file.
func grow(t *testing.T, name string, b []byte) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	_, err = f.Write(b)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
