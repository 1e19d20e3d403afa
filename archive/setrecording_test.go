package archive_test

import (
	"fmt"
	"iter"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// recording describes an archive for a Set.
type recording struct {
	name string
	v    pcp.Version
	host string
	pid  int32
	secs []int64 // seconds of its records; negative for a mark
	typ  pcp.Type
}

// write writes the recording into a folder. The values contain the PID to
// identify the recording.
func (rec recording) write(t testing.TB, dir string) string {
	t.Helper()
	h := archtest.Header
	h.PID = rec.pid
	if rec.host != "" {
		h.Host = rec.host
	}
	base := filepath.Join(dir, rec.name)
	a, err := archive.Create(base, h, &archive.WriteOptions{Version: rec.v})
	require.NoError(t, err)
	d := *archtest.Count
	d.Type = rec.typ
	require.NoError(t, a.Define(&d))
	require.NoError(t, a.Define(archtest.Release))
	for _, sec := range rec.secs {
		if sec < 0 {
			require.NoError(t, a.Mark(at(-sec)))
			continue
		}
		require.NoError(t, a.Append(count(sec, uint32(rec.pid))))
	}
	require.NoError(t, a.Close())
	return base
}

// timeline lists the steps of a set as "time value", marks as "time mark".
func timeline(t testing.TB, s *store.Set, q history.Query) []string {
	t.Helper()
	return timelineOf(t, s.Steps(q))
}

func timelineOf(t testing.TB, steps iter.Seq2[*history.Step, error]) []string {
	t.Helper()
	all := []string{}
	for step, err := range steps {
		require.NoError(t, err)
		if step.Mark {
			all = append(all, fmt.Sprintf("%g mark", float64(step.Stamp.Milli())/1000))
			continue
		}
		text := fmt.Sprint(step.Stamp.Sec)
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				text += fmt.Sprint(" ", p.Value.Bits)
			}
		}
		all = append(all, text)
	}
	return all
}

func problems(s interface{ Problems() []store.Problem }) []string {
	all := []string{}
	for _, p := range s.Problems() {
		all = append(all, p.String())
	}
	return all
}
