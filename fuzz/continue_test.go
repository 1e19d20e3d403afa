package fuzz

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

func FuzzContinue(f *testing.F) {
	f.Fuzz(func(t *testing.T, metaFile, index, data []byte) {
		base := filepath.Join(t.TempDir(), "a")
		files := map[string][]byte{".meta": metaFile, ".index": index, ".0": data}
		for suffix, content := range files {
			require.NoError(t, os.WriteFile(base+suffix, content, 0o644))
		}
		before, damaged := dataRecords(base)
		a, err := archive.Continue(base, &archive.WriteOptions{NoSync: true})
		if err != nil {
			for suffix, content := range files {
				now, err := os.ReadFile(base + suffix)
				require.NoError(t, err)
				require.Equal(t, content, now, "refused and changed")
			}
			return
		}
		for _, r := range a.Recovered() {
			require.Contains(t, r.String(), base)
			require.True(t, r.Offset >= 0 && r.Bytes >= 0 && r.Records >= 0, "%+v", r)
		}
		adopted := adopt(t, a)
		appended := appendOne(t, a)
		require.NoError(t, a.Close())
		after, _ := dataRecords(base)
		if len(before) > 0 && (adopted || appended) {
			require.GreaterOrEqual(t, len(after), len(before))
			require.Equal(t, before, after[:len(before)], "what was there stays")
			require.True(t, damaged || len(after) > len(before), "what was appended is read")
		}
		a, err = archive.Continue(base, &archive.WriteOptions{NoSync: true})
		require.NoError(t, err)
		for _, r := range a.Recovered() {
			require.NotEqual(t, archive.RecoveryCut, r.Action, "cut once is whole: %s", r)
		}
		require.NoError(t, a.Close())
	})
}

// dataRecords lists the readable records and reports whether damage ends them.
func dataRecords(base string) (all []string, damaged bool) {
	r, err := archive.Open(base, &archive.ReadOptions{MaxRecord: maxRecord})
	if err != nil {
		return nil, true
	}
	for rec, err := range r.Records(archive.RoleData) {
		if err != nil {
			return all, !errors.Is(err, pcp.ErrUnfinished)
		}
		text := "mark"
		if res, ok := rec.Record.(*archive.Result); ok {
			text = fmt.Sprint(res.Stamp, res.Sets)
		}
		all = append(all, text)
	}
	return all, false
}

// adopt continues the archive as a recorder does and reports whether it wrote a
// record. It may not find a free identifier, or the metadata may be
// contradictory.
func adopt(t *testing.T, a *archive.Appender) bool {
	m, err := mapper.New(mapper.Options{Host: "h"})
	require.NoError(t, err)
	if m.Adopt(a.Meta()) != nil {
		return false
	}
	src, err := m.Source(mapper.Target{Name: "web"})
	if err != nil {
		return false
	}
	ser, err := src.Series("a", []prom.Label{{Name: "x", Value: "1"}}, prom.Family{Name: "a", Type: prom.TypeGauge})
	if err != nil {
		return false
	}
	last, _ := a.Last()
	src.Begin(last.Add(time.Second))
	src.Set(ser, 1)
	src.SetHealth(mapper.Health{Up: 1})
	return convert.NewToArchive(a).Put(src.Step()) == nil
}

func appendOne(t *testing.T, a *archive.Appender) bool {
	d := metric(2)
	last, _ := a.Last()
	if a.Define(d) != nil {
		return false
	}
	err := a.Append(&archive.Result{Stamp: last.Add(time.Second), Sets: []archive.ValueSet{
		{PMID: d.PMID, Format: archive.FormatOf(d.Type), Values: []history.Value{history.NumberValue(pcp.InstNull, d.Type, 5)}},
	}})
	if err != nil && !errors.Is(err, archive.ErrOrder) { // if the last time has an invalid fraction, a second later may be earlier
		require.ErrorIs(t, err, pcp.ErrRange)
	}
	return err == nil
}
