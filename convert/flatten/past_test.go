package flatten_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/converttest"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestDescribedAgain puts a metric that every archive describes anew: in the same words, or with
// one thing changed. The series and the counted losses are those of Flatteners that forget.
func TestDescribedAgain(t *testing.T) {
	desc := meta.Desc{PMID: 1, Type: pcp.TypeDouble, InDom: 7, Sem: pcp.SemCounter}
	described := func(change func(*converttest.Recorded), name string, labels ...labelset.Label) *converttest.Recorded {
		r := converttest.NewRecorded(t, name, desc, labels...)
		r.SetMembers(1, 2)
		if change != nil {
			change(r)
		}
		return r
	}
	host, odd := labelset.String("room", "a"), labelset.String("a.b", "x")
	archives := []*converttest.Recorded{
		described(nil, "m", host), described(nil, "m", host),
		described(nil, "m", labelset.String("room", "b")),
		described(nil, "m", host, odd, labelset.String("a_b", "y")), described(nil, "m", host, odd, labelset.String("a_b", "y")),
		described(func(r *converttest.Recorded) { r.SetMembers(1, 2, 3) }, "m", host),
		described(nil, "other", host), described(nil, "m", host),
	}
	for _, split := range []bool{false, true} {
		var want []string
		wanted := &prom.Report{}
		out, report := &converttest.Seen{}, &prom.Report{}
		f := flatten.New(sinktest.Sink(out), flatten.Options{Report: report, SplitAtMarks: split, Host: "h"})
		for i, r := range archives {
			mark := &history.Step{Stamp: pcp.TimestampMilli(int64(i)*1000 + 500), Mark: true, Part: history.AllParts}
			fresh := &converttest.Seen{}
			forgets := flatten.New(sinktest.Sink(fresh), flatten.Options{Report: wanted, SplitAtMarks: split, Host: "h"})
			if i > 0 {
				last := &history.Step{Stamp: pcp.TimestampMilli(int64(i)*1000 - 500), Mark: true, Part: history.AllParts}
				require.NoError(t, forgets.Put(last))
			}
			for _, each := range []*flatten.Flattener{f, forgets} {
				converttest.Put(t, each, int64(i)*1000, r.At(1, 2))
				require.NoError(t, each.Put(mark))
			}
			want = append(want, fresh.Lines...)
		}
		slices.Sort(want) // series end in any order
		slices.Sort(out.Lines)
		assert.Equal(t, want, out.Lines)
		assert.Equal(t, wanted.Losses(), report.Losses())
		ids := map[int]string{}
		for o := range f.Origins() {
			key := o.Series.Name + prom.LabelsKey(o.Series.Labels)
			assert.Empty(t, ids[o.Series.ID])
			ids[o.Series.ID] = key
		}
	}
}
