package fuzz

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

func FuzzArchive(f *testing.F) {
	f.Fuzz(func(t *testing.T, metaFile, index, data []byte) {
		base := filepath.Join(t.TempDir(), "a")
		for suffix, content := range map[string][]byte{".meta": metaFile, ".index": index, ".0": data} {
			require.NoError(t, os.WriteFile(base+suffix, content, 0o644))
		}
		r, err := archive.Open(base, &archive.ReadOptions{MaxRecord: maxRecord})
		if err != nil {
			requireLocated(t, err)
			return
		}
		readMetadata(r)
		middle := r.Header().Start
		for _, role := range []archive.Role{archive.RoleMeta, archive.RoleData, archive.RoleIndex} {
			n := 0
			for rec, err := range r.Records(role) {
				if err != nil {
					requireLocated(t, err)
					continue
				}
				if res, ok := rec.Record.(*archive.Result); ok && n == 2 {
					middle = res.Stamp
				}
				n++
			}
		}
		for _, q := range []history.Query{{}, {All: true, From: middle}, {To: middle}} {
			readSteps(t, r, q)
		}
	})
}

// readMetadata calls every query of a store.
func readMetadata(r *archive.Reader) {
	s, at := r.Meta(), r.Header().Start
	for d := range s.Metrics() {
		s.Lookup(d.Name())
		s.Help(d.PMID)
		s.InDomAt(d.InDom, at)
	}
	for id := range s.InDoms() {
		for in := range s.InDomVersions(id) {
			in.Lookup(1)
		}
	}
	for l := range s.AllLabels() {
		s.LabelsAt(l.Level, l.Ident, l.Stamp)
	}
	_ = at.Time().In(r.Location()).String()
}

func readSteps(t *testing.T, r *archive.Reader, q history.Query) {
	for step, err := range r.Steps(q) {
		if err != nil {
			requireLocated(t, err)
			continue
		}
		for _, m := range step.Metrics {
			for _, p := range m.Points {
				require.Same(t, m.Metric, p.Series.Metric)
				p.Value.Number(m.Metric.Desc.Type)
				p.Value.Text()
				p.Series.Merged()
			}
		}
		require.False(t, step.Mark && len(step.Metrics) > 0)
		require.True(t, q.To == pcp.Timestamp{} || !step.Stamp.After(q.To))
		require.True(t, q.From == pcp.Timestamp{} || !step.Stamp.Before(q.From))
	}
}
