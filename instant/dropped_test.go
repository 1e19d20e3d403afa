package instant_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/pcp"
)

// A value whose instance the domain of its own record lacks is there.
func TestDroppedInstance(t *testing.T) {
	archtest.ForEachVersion(t, func(t *testing.T, v pcp.Version) {
		set := storetest.Open(t, archtest.Dropped(t, v))
		c := instant.NewCache(instant.Options{})
		for sec, want := range map[int64][]string{
			15: {"000001 init", "000012 burner", ""},
			25: {"000001 init", "", ""},
			45: {"000001 init", "", ""},
			50: {"000001 init", "000012 successor", ""},
		} {
			found, err := c.At(context.Background(), instant.Host(set), pcp.Timestamp{Sec: archtest.Start.Sec + sec}, []pcp.PMID{archtest.UserTime.PMID})
			require.NoError(t, err)
			var names []string
			for _, m := range found.Metrics {
				for i := range m.Points {
					names = append(names, m.Points[i].Series.Inst.Name)
				}
			}
			assert.Equal(t, want, names, "after %d seconds", sec)
		}
	})
}

// A value whose instance a later version of the domain lacks has ended.
func TestLeftInstance(t *testing.T) {
	dir := t.TempDir()
	r := record(t, dir, "a", 10)
	r.instances(10, 1, 2)
	r.put(10, "load 1=1 2=2")
	r.instances(20, 1)
	r.put(20, "once 4")
	require.NoError(t, r.Close())
	c, s := instant.NewCache(instant.Options{}), instant.Host(host(t, dir).Sets()[0])
	for sec, n := range map[int64]int{15: 2, 20: 1} {
		found, err := c.At(context.Background(), s, at(sec), []pcp.PMID{load})
		require.NoError(t, err)
		assert.Len(t, found.Metric(load).Points, n, "at %d", sec)
	}
}
