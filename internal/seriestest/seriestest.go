// Package seriestest writes archives with labels of all levels, for tests of series.
package seriestest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Begin is the time of the first record of the archives of tests, a Tuesday.
var Begin = time.Date(2025, 3, 4, 12, 0, 0, 0, time.UTC)

// StampAt returns the time of a record.
func StampAt(i int) pcp.Timestamp {
	return pcp.TimestampOf(Begin.Add(time.Duration(i) * 10 * time.Second))
}

var (
	kbytes = pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}
	counts = pcp.Units{DimCount: 1}
)

// WriteHost writes an archive of a host with ten records, ten seconds apart, and labels of
// all levels, and returns its base path.
func WriteHost(t testing.TB, dir, host string, factor int) string {
	base := filepath.Join(dir, host)
	b, err := archive.NewBuilder(base, host, nil)
	require.NoError(t, err)
	pswitch := b.Metric("kernel.all.pswitch", pcp.TypeU64, pcp.SemCounter, counts)
	load := b.Metric("kernel.all.load", pcp.TypeFloat, pcp.SemInstant, pcp.Units{}, "1 minute", "5 minute", "15 minute")
	read := b.Metric("disk.dev.read_bytes", pcp.TypeU64, pcp.SemCounter, kbytes, "sda", "sdb")
	free := b.Metric("mem.freemem", pcp.TypeU64, pcp.SemInstant, kbytes)
	delta := b.Metric("test.delta", pcp.Type32, pcp.SemInstant, pcp.Units{})
	text := func(kind meta.TextType, ident uint32, s string) {
		require.NoError(t, b.Appender().SetText(&meta.Text{Type: kind, Ident: ident, Text: s}))
	}
	text(meta.TextPMID|meta.TextOneLine, uint32(pswitch.Desc().PMID), "context switches")
	text(meta.TextPMID|meta.TextHelp, uint32(pswitch.Desc().PMID), "Number of context switches of all processes, from /proc/stat.")
	text(meta.TextPMID|meta.TextOneLine, uint32(load.Desc().PMID), "load average of 1, 5 and 15 minutes")
	text(meta.TextPMID|meta.TextOneLine, uint32(read.Desc().PMID), "per-disk count of bytes read")
	text(meta.TextInDom|meta.TextOneLine, uint32(read.Desc().InDom), "set of all disks")
	text(meta.TextInDom|meta.TextHelp, uint32(read.Desc().InDom), "Each disk that the kernel knows is an instance.")
	release := b.Metric("kernel.uname.release", pcp.TypeString, pcp.SemDiscrete, pcp.Units{})
	labels := func(level labelset.Level, ident uint32, sets ...labelset.Instance) {
		require.NoError(t, b.Appender().SetLabels(&meta.Labels{Stamp: StampAt(0), Level: level, Ident: ident, Sets: sets}))
	}
	labels(labelset.Context, meta.ContextIdent, labelsOf(t, labelset.Context, pcp.InstNull, labelset.String("hostname", host), labelset.Label{Name: "userid", Value: "1000", Flags: labelset.Optional}))
	labels(labelset.Domain, pswitch.Desc().PMID.Domain(), labelsOf(t, labelset.Domain, pcp.InstNull, labelset.String("agent", "linux")))
	labels(labelset.Cluster, uint32(pswitch.Desc().PMID.ClusterID()), labelsOf(t, labelset.Cluster, pcp.InstNull, labelset.String("cluster", "zero")))
	labels(labelset.Item, uint32(pswitch.Desc().PMID), labelsOf(t, labelset.Item, pcp.InstNull, labelset.Label{Name: "rank", Value: "7"}))
	labels(labelset.InDom, uint32(read.Desc().InDom), labelsOf(t, labelset.InDom, pcp.InstNull, labelset.String("device_type", "block")))
	labels(labelset.Instances, uint32(read.Desc().InDom), labelsOf(t, labelset.Instances, 0, labelset.String("bus", "sata")), labelsOf(t, labelset.Instances, 1, labelset.String("bus", "nvme")))
	for i := range 10 {
		pswitch.Set(uint64(1000 + i*i*factor))
		load.Set(float32(i)/4, float32(factor), float32(10-i)*1.5)
		read.Set(uint64(i*1024*factor), uint64(i*2048))
		free.Set(uint64(5000 - 10*i))
		delta.Set(int32(i*3%7 - 5))
		release.Set("6.1." + host)
		require.NoError(t, b.Record(StampAt(i).Time()))
	}
	require.NoError(t, b.Close())
	return base
}

// labelsOf returns a set of labels of an instance.
func labelsOf(t testing.TB, level labelset.Level, inst pcp.InstID, all ...labelset.Label) labelset.Instance {
	set, err := labelset.New(level, all...)
	require.NoError(t, err)
	return labelset.Instance{Inst: inst, Set: set}
}
