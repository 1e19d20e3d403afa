package archtest

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// UserTime is a metric of the archive that Dropped writes.
var UserTime = &meta.Desc{
	PMID: pcp.NewPMID(3, 8, 14), Type: pcp.TypeU32, InDom: pcp.NewInDomID(3, 9), Sem: pcp.SemCounter,
	Units: pcp.Units{DimTime: 1, ScaleTime: pcp.TimeMillisec}, Names: []string{"proc.psinfo.utime"},
}

// Dropped writes an archive with the CPU time and the memory of processes, every ten seconds
// from Start on, and returns its base path. The domain names the process 12 "burner" in the
// first two records and drops it in the third. Its values go on until the sixth record,
// where the domain gives its number to "successor". No domain ever lists process 56.
func Dropped(t testing.TB, v pcp.Version) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "dropped")
	h := Header
	h.Start = pcp.Timestamp{Sec: Start.Sec}
	a, err := archive.Create(base, h, &archive.WriteOptions{Version: v})
	require.NoError(t, err)
	domain := pcp.NewInDomID(3, 9)
	metrics := []*meta.Desc{UserTime, {
		PMID: pcp.NewPMID(3, 8, 15), Type: pcp.TypeU32, InDom: domain, Sem: pcp.SemCounter, Units: UserTime.Units, Names: []string{"proc.psinfo.stime"},
	}, {
		PMID: pcp.NewPMID(3, 8, 21), Type: pcp.TypeU32, InDom: domain, Sem: pcp.SemInstant,
		Units: pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}, Names: []string{"proc.psinfo.rss"},
	}}
	for _, d := range metrics {
		require.NoError(t, a.Define(d))
	}
	domains := map[int][]meta.Instance{
		0: {{ID: 1, Name: "000001 init"}, {ID: 12, Name: "000012 burner"}},
		2: {{ID: 1, Name: "000001 init"}},
		3: {{ID: 1, Name: "000001 init"}, {ID: 34, Name: "000034 other"}},
		5: {{ID: 1, Name: "000001 init"}, {ID: 12, Name: "000012 successor"}},
	}
	for i := range 6 {
		at := pcp.Timestamp{Sec: Start.Sec + 10*int64(i)}
		if in := domains[i]; in != nil {
			require.NoError(t, a.SetInDom(&meta.InDom{Stamp: at, ID: domain, Instances: in}))
		}
		res := &archive.Result{Stamp: at}
		for _, d := range metrics {
			res.Sets = append(res.Sets, archive.ValueSet{PMID: d.PMID, Values: []history.Value{
				history.WordValue(1, uint32(i)*100), history.WordValue(12, uint32(i)*4000), history.WordValue(56, uint32(i)*1000),
			}})
		}
		require.NoError(t, a.Append(res))
	}
	require.NoError(t, a.Close())
	return base
}
