package serve

import (
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setClock is a clock that tests set.
type setClock struct{ t atomic.Pointer[time.Time] }

func (c *setClock) set(t time.Time) { c.t.Store(&t) }
func (c *setClock) now() time.Time  { return *c.t.Load() }

// TestShift wants the recording to end at the time asked for, in every answer.
func TestShift(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	rec := record(t, base, "web1").put(0, 60)
	require.NoError(t, rec.a.Flush())
	today := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := &setClock{}
	clock.set(today)
	for name, to := range map[string]time.Time{"now": Now, "a time": today.Add(-time.Hour)} {
		t.Run(name, func(t *testing.T) {
			end := today
			if to != Now {
				end = to
			}
			s := run(t, Options{Paths: []string{base}, Rescan: -1, ShiftTo: to, now: clock.now})
			assert.Equal(t, Window{end.Add(-59 * time.Second), end}, s.Summary().Window)
			assert.Equal(t, "59", s.value(`kernel_all_load{instname="1 minute"}`, end))
			assert.Equal(t, "30", s.value(`kernel_all_load{instname="1 minute"} offset 29s`, end))
			assert.Equal(t, "59", s.value(`kernel_all_load{instname="1 minute"} @ end()`, end))
			assert.Equal(t, "49", s.value(`kernel_all_load{instname="1 minute"} @ `+seconds(end.Add(-10*time.Second)), end.Add(-20*time.Second)))
			assert.Equal(t, "10", s.value(`rate(test_requests[30s])`, end))
			assert.Equal(t, seconds(end), s.value(`timestamp(test_requests)`, end))
			assert.Equal(t, "", s.value(`test_requests`, at(59)), "the times of the recording are gone")
			_, body, _ := s.get("/api/v1/label/__name__/values?start=" + seconds(end.Add(-time.Minute)) + "&end=" + seconds(end))
			assert.Contains(t, body, "kernel_all_load")
		})
	}

	s := run(t, Options{Paths: []string{base}, Rescan: -1, ShiftTo: Now, now: clock.now})
	rec.put(60, 70).close()
	clock.set(today.Add(20 * time.Second))
	s.reload()
	assert.Equal(t, "69", s.value(`kernel_all_load{instname="1 minute"}`, today.Add(20*time.Second)))
	assert.Equal(t, today.Add(10*time.Second), s.Summary().Window.End, "what is recorded later keeps its distance")
}

// TestShiftLater wants the distance to be decided when the first archive comes.
func TestShiftLater(t *testing.T) {
	dir := t.TempDir()
	clock := &setClock{}
	today := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	clock.set(today)
	s := run(t, Options{Paths: []string{dir}, Rescan: -1, ShiftTo: Now, now: clock.now})
	assert.True(t, s.Summary().Window.IsZero())
	record(t, filepath.Join(dir, "rec"), "web1").put(0, 60).close()
	s.reload()
	assert.Equal(t, today, s.Summary().Window.End)
}

// TestReplay wants data to appear as time passes, at the present.
func TestReplay(t *testing.T) {
	base := filepath.Join(t.TempDir(), "rec")
	record(t, base, "web1").put(0, 101).close()
	begin := time.Date(2031, 1, 2, 3, 4, 5, 0, time.UTC)
	clock := &setClock{}
	clock.set(begin)
	s := run(t, Options{Paths: []string{base}, Rescan: -1, Replay: 10, now: clock.now})
	const first = `kernel_all_load{instname="1 minute"}`
	for _, passed := range []float64{0, 1, 5, 9.9} {
		now := begin.Add(time.Duration(passed * float64(time.Second)))
		clock.set(now)
		assert.Equal(t, strconv.Itoa(int(passed*10)), s.value(first, now), "the present shows what has appeared")
		assert.Equal(t, strconv.Itoa(int(passed*10)), s.value(first, now.Add(time.Minute)), "and there is nothing later")
		assert.Equal(t, now, s.Summary().Window.End)
		if passed > 1 {
			assert.Equal(t, "10", s.value("rate(test_requests[20s])", now), "rates are those of the recording")
		}
	}
	clock.set(begin.Add(time.Minute))
	assert.Equal(t, "100", s.value(first, begin.Add(10*time.Second)))
	assert.Equal(t, begin.Add(10*time.Second), s.Summary().Window.End, "after its end the recording stays")
	_, page, _ := s.get("/api/archives")
	assert.Contains(t, page, `"moved":true,"replay":10`)
	assert.Contains(t, page, `"end":`+seconds(begin.Add(10*time.Second))+`,"version"`, "the archive has the times that clients see")
}

// TestMissingPath wants a path that is gone to be named, and to come back.
func TestMissingPath(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "one", "rec"), filepath.Join(dir, "two", "rec")
	record(t, one, "web1").put(0, 10).close()
	record(t, two, "web2").put(0, 10).close()
	s := run(t, Options{Paths: []string{filepath.Join(dir, "one"), filepath.Join(dir, "two")}, Rescan: -1})
	assert.Equal(t, 2, s.Summary().Archives)
	require.NoError(t, os.Rename(filepath.Join(dir, "two"), filepath.Join(dir, "away")))
	s.reload()
	sum := s.Summary()
	assert.Equal(t, 1, sum.Archives)
	require.NotEmpty(t, sum.Damage)
	assert.Contains(t, sum.Damage[0].Path, "two")
	require.NoError(t, os.Rename(filepath.Join(dir, "away"), filepath.Join(dir, "two")))
	s.reload()
	assert.Equal(t, 2, s.Summary().Archives)
	assert.Empty(t, s.Summary().Damage)
}
