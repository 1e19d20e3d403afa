package store_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// TestShared finds the metrics of several exporters whichever archive begins, also if one
// names no exporter.
func TestShared(t *testing.T) {
	dir := t.TempDir()
	bases := archtest.Targets(t, dir)
	web1, web2, db1 := bases[0], bases[1], bases[2]
	for name, begin := range map[string]time.Duration{"before": -time.Hour, "after": time.Hour} {
		plain := filepath.Join(dir, name)
		a, err := archive.Create(plain, archive.Header{Host: "web", Zone: "UTC"}, nil)
		require.NoError(t, err)
		require.NoError(t, a.Define(&meta.Desc{PMID: archtest.TargetLoad, Type: pcp.TypeDouble, InDom: pcp.NewInDomID(144, 1024), Sem: pcp.SemInstant, Names: []string{"openmetrics.web.load"}}))
		require.NoError(t, a.Mark(pcp.TimestampOf(archtest.TargetsBegin.Add(begin))))
		require.NoError(t, a.Close())
		assert.Equal(t, map[pcp.PMID]bool{archtest.TargetLoad: true}, shared(t, plain, web1), name)
	}
	assert.Equal(t, map[pcp.PMID]bool{archtest.TargetLoad: true, archtest.TargetSent: true}, shared(t, web1, web2, db1))
	assert.Empty(t, shared(t, web1, db1))
	assert.Empty(t, shared(t, web1))
}

func shared(t *testing.T, bases ...string) map[pcp.PMID]bool {
	t.Helper()
	hosts, err := store.Open(bases, nil)
	require.NoError(t, err)
	set, err := hosts.Only()
	require.NoError(t, err)
	return set.Shared()
}
