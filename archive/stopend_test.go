package archive_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestStopsLookingForEnd opens an archive whose end only decompressing all of it tells, and
// ends that at each question. Metadata and volume ask before each record.
func TestStopsLookingForEnd(t *testing.T) {
	const records, metrics = 40, 10
	base, start := filepath.Join(t.TempDir(), "a"), pcp.Timestamp{Sec: 1_700_000_000}
	a, err := archive.Create(base, archive.Header{Host: "h", Zone: "UTC", Start: start}, &archive.WriteOptions{Compress: archive.CompressGzip, CompressLast: true})
	require.NoError(t, err)
	for i := range metrics {
		require.NoError(t, a.Define(&meta.Desc{PMID: pcp.NewPMID(60, 0, uint32(i)), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{fmt.Sprint("a.m", i)}}))
	}
	for i := range records {
		at := start.Add(time.Duration(i) * time.Second)
		require.NoError(t, a.Append(&archive.Result{Stamp: at, Sets: []archive.ValueSet{{PMID: pcp.NewPMID(60, 0, 0), Values: []history.Value{history.WordValue(pcp.InstNull, 1)}}}}))
	}
	require.NoError(t, a.Close())
	errEnough := errors.New("enough")
	for end := 1; ; end++ {
		asked := 0
		o := &archive.ReadOptions{Cache: -1, Stop: func() error {
			if asked++; asked >= end {
				return errEnough
			}
			return nil
		}}
		r, err := archive.Open(base, o)
		var last pcp.Timestamp
		if err == nil {
			last, err = r.End()
		}
		if err == nil {
			assert.Equal(t, start.Add((records-1)*time.Second), last)
			assert.GreaterOrEqual(t, asked, records+metrics)
			return
		}
		require.ErrorIs(t, err, errEnough)
		assert.LessOrEqual(t, asked, end+3)
	}
}
