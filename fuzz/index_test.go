package fuzz

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// sample is the archive to which arbitrary indexes are added.
type sample struct {
	meta, label, data []byte
	steps             []string // in order of time
	stamps            []pcp.Timestamp
}

var samples sync.Map // by version

// sampleOf returns the sample of a version.
func sampleOf(t *testing.T, v pcp.Version) *sample {
	if s, ok := samples.Load(v); ok {
		return s.(*sample)
	}
	base := archtest.Sample(t, v)
	metaFile, index, data := archtest.Members(t, base)
	s := &sample{meta: metaFile, label: index[:archive.HeaderSize(v)], data: data}
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		s.steps = append(s.steps, stepText(step))
		s.stamps = append(s.stamps, step.Stamp)
	}
	samples.Store(v, s)
	return s
}

// stepText formats a step.
func stepText(step *history.Step) string {
	text := fmt.Sprint(step.Stamp, " ", step.Mark)
	for _, m := range step.Metrics {
		text += fmt.Sprintf(" %s %d", m.Metric.Name, m.Err)
		for _, p := range m.Points {
			text += fmt.Sprintf(" %s=%d/%q", p.Series.Inst.Name, p.Value.Bits, p.Value.Data)
		}
	}
	return text
}

// FuzzIndex puts arbitrary entries into the index of a good archive, which must
// not change the steps read.
func FuzzIndex(f *testing.F) {
	f.Fuzz(func(t *testing.T, v3 bool, entries []byte) {
		v := pcp.V2
		if v3 {
			v = pcp.V3
		}
		s := sampleOf(t, v)
		base := filepath.Join(t.TempDir(), "a")
		index := slices.Concat(s.label, entries)
		for suffix, content := range map[string][]byte{".meta": s.meta, ".index": index, ".0": s.data} {
			require.NoError(t, os.WriteFile(base+suffix, content, 0o644))
		}
		r, err := archive.Open(base, nil)
		if len(entries) == 0 {
			requireLocated(t, err)
			require.ErrorIs(t, err, archive.ErrNoData)
			return
		}
		require.NoError(t, err)
		encodeIndex(t, r, v, entries)
		for i, at := range s.stamps {
			for _, d := range []time.Duration{-time.Microsecond, 0, time.Microsecond} {
				from, to := i, i+1
				if d > 0 {
					from++
				}
				if d < 0 {
					to--
				}
				q := history.Query{All: true}
				q.From = at.Add(d)
				require.Equal(t, s.steps[from:], texts(t, r.Steps(q)), "from %s", q.From)
				q = history.Query{All: true, To: at.Add(d)}
				require.Equal(t, s.steps[:to], texts(t, r.Steps(q)), "to %s", q.To)
				backward := texts(t, r.Backward(q))
				slices.Reverse(backward)
				require.Equal(t, s.steps[:to], backward, "back from %s", q.To)
			}
		}
	})
}

func texts(t *testing.T, steps iter.Seq2[*history.Step, error]) []string {
	all := []string{}
	for step, err := range steps {
		require.NoError(t, err)
		all = append(all, stepText(step))
	}
	return all
}

// encodeIndex requires that whole entries are written again unchanged, except
// times and offsets that the version cannot store.
func encodeIndex(t *testing.T, r *archive.Reader, v pcp.Version, entries []byte) {
	size := int(archive.IndexEntrySize(v))
	require.Len(t, r.Index(), len(entries)/size)
	base := filepath.Join(t.TempDir(), "b")
	w, err := archive.CreateRecords(base, v, &archive.WriteOptions{NoSync: true})
	require.NoError(t, err)
	h := *r.Header()
	h.Volume = -2
	_, err = w.Write(&h)
	require.NoError(t, err)
	var want []byte
	for i, e := range r.Index() {
		raw := entries[i*size : (i+1)*size]
		if v == pcp.V2 && wideFraction(raw) {
			continue
		}
		if _, err := w.Write(&e); err != nil {
			require.ErrorIs(t, err, pcp.ErrRange)
			continue
		}
		want = append(want, raw...)
	}
	require.NoError(t, w.Close())
	got, err := os.ReadFile(base + ".index")
	require.NoError(t, err)
	require.Equal(t, slices.Concat(got[:archive.HeaderSize(v)], want), got)
}
