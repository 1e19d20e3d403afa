package convert_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// What is written is read again: values to the bit, labels at their levels with
// their flags, help, instances. The reference finds nothing to complain about.
func TestArchiveRoundTrip(t *testing.T) {
	for _, v := range []pcp.Version{pcp.V2, pcp.V3} {
		t.Run(fmt.Sprint("v", v), func(t *testing.T) {
			base, sink := converttest.Create(t, &archive.WriteOptions{Version: v})
			want := converttest.RecordOddly(t, sink)
			require.NoError(t, sink.Close())
			compareSteps(t, want, converttest.Open(t, base))
			t.Run("pmlogcheck", func(t *testing.T) {
				cmd := oracle.Exec(t, "pmlogcheck", base)
				assert.Equal(t, oracle.Result{}, cmd)
			})
			t.Run("copy", func(t *testing.T) {
				again, sink := converttest.Create(t, &archive.WriteOptions{Version: v})
				require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(converttest.Open(t, base), history.Query{})))
				require.NoError(t, sink.Close())
				compareSteps(t, want, converttest.Open(t, again))
			})
		})
	}
}

func compareSteps(t *testing.T, want []string, r *archive.Reader) {
	t.Helper()
	n := 0
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		require.Less(t, n, len(want), "more steps than were written")
		require.Equal(t, want[n], converttest.ShowStep(step), "step %d", n)
		n++
	}
	assert.Len(t, want, n)
}

// Every sample of what a page said comes back from the archive: name, labels,
// family, value, time.
func TestSamplesRoundTrip(t *testing.T) {
	live, stored := &converttest.Seen{}, &converttest.Seen{}
	base, sink := converttest.Create(t, nil)
	both := tee{sink, flatten.New(sinktest.Sink(live), flatten.Options{TargetLabels: true})}
	converttest.RecordOddly(t, both)
	require.NoError(t, sink.Close())
	flat := flatten.New(sinktest.Sink(stored), flatten.Options{TargetLabels: true})
	require.NoError(t, convert.Copy(context.Background(), flat, convert.FromArchive(converttest.Open(t, base), history.Query{})))
	require.NotEmpty(t, stored.Lines)
	assert.ElementsMatch(t, live.Lines, stored.Lines)
	for key, p := range live.Series {
		assert.Equal(t, p.Family, stored.Series[key].Family, key)
	}
}

// tee gives steps to two sinks.
type tee struct{ a, b history.Sink }

func (s tee) Put(step *history.Step) error {
	if err := s.a.Put(step); err != nil {
		return err
	}
	return s.b.Put(step)
}

func (s tee) Close() error { return errors.Join(s.a.Close(), s.b.Close()) }

// discard is a Sink that drops all steps.
type discard struct{}

func (discard) Put(*history.Step) error { return nil }
func (discard) Close() error            { return nil }

// An error of the source or of the sink, or the context's, ends a copy.
func TestCopyStops(t *testing.T) {
	base, sink := converttest.Create(t, nil)
	converttest.RecordOddly(t, sink)
	require.NoError(t, sink.Close())
	src := convert.FromArchive(converttest.Open(t, base), history.Query{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, convert.Copy(ctx, discard{}, src), context.Canceled)
	_, full := converttest.Create(t, nil)
	require.NoError(t, full.Put(&history.Step{Stamp: pcp.Timestamp{Sec: 2_000_000_000}, Mark: true}))
	assert.ErrorIs(t, convert.Copy(context.Background(), full, src), archive.ErrOrder)
	require.NoError(t, full.Close())
}
