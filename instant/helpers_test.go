package instant_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// The metrics of the tests' archives.
var (
	load    = pcp.NewPMID(60, 2, 0) // instant, with instances
	bytes   = pcp.NewPMID(60, 3, 0) // counter, singular
	once    = pcp.NewPMID(60, 4, 0) // discrete, singular
	release = pcp.NewPMID(60, 4, 1) // discrete text
	disks   = pcp.NewPMID(60, 5, 0) // discrete, with instances
	domain  = pcp.NewInDomID(60, 2)
)

// recording writes an archive.
type recording struct {
	t    *testing.T
	base string
	*archive.Appender
}

func record(t *testing.T, dir, name string, start int64) *recording {
	t.Helper()
	r := &recording{t: t, base: filepath.Join(dir, name)}
	a, err := archive.Create(r.base, archive.Header{Host: "web1", PID: int32(start), Zone: "UTC"}, nil)
	require.NoError(t, err)
	r.Appender = a
	for _, d := range []*meta.Desc{
		{PMID: load, Type: pcp.TypeDouble, InDom: domain, Sem: pcp.SemInstant, Names: []string{"kernel.load"}},
		{PMID: bytes, Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"disk.bytes"}},
		{PMID: once, Type: pcp.Type32, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"hinv.ncpu"}},
		{PMID: release, Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"uname.release"}},
		{PMID: disks, Type: pcp.Type32, InDom: domain, Sem: pcp.SemDiscrete, Names: []string{"disk.size"}},
	} {
		require.NoError(t, a.Define(d))
	}
	return r
}

// instances sets the instances of the domain from a time on.
func (r *recording) instances(sec int64, ids ...int32) {
	in := &meta.InDom{Stamp: pcp.Timestamp{Sec: sec}, ID: domain}
	for _, id := range ids {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(id), Name: "i" + strconv.Itoa(int(id))})
	}
	require.NoError(r.t, r.SetInDom(in))
}

// put writes a record. Each value is "metric value" or "metric instance=value …".
func (r *recording) put(sec int64, values ...string) {
	res := &archive.Result{Stamp: pcp.Timestamp{Sec: sec}}
	for _, line := range values {
		fields := strings.Fields(line)
		set := archive.ValueSet{Format: archive.Block}
		for _, text := range fields[1:] {
			id, number, ok := strings.Cut(text, "=")
			inst := int64(pcp.InstNull)
			if ok {
				inst, _ = strconv.ParseInt(id, 10, 32)
			} else {
				number = text
			}
			n, _ := strconv.ParseInt(number, 10, 64)
			set.PMID, set.Values = r.value(fields[0], pcp.InstID(inst), number, n, set.Values)
			if set.PMID == once || set.PMID == disks {
				set.Format = archive.InSitu
			}
		}
		if len(fields) == 2 && fields[1] == "error" {
			set.Values, set.Err, set.Format = nil, pcp.ErrnoAgain, archive.InSitu
		}
		res.Sets = append(res.Sets, set)
	}
	require.NoError(r.t, r.Append(res))
}

func (r *recording) value(name string, inst pcp.InstID, text string, n int64, values []history.Value) (pcp.PMID, []history.Value) {
	switch name {
	case "load":
		return load, append(values, history.DoubleValue(inst, float64(n)))
	case "bytes":
		return bytes, append(values, history.NumberValue(inst, pcp.TypeU64, uint64(n)))
	case "once":
		return once, append(values, history.WordValue(inst, uint32(n)))
	case "release":
		return release, append(values, history.StringValue(inst, text))
	}
	return disks, append(values, history.WordValue(inst, uint32(n)))
}

func (r *recording) mark(sec int64) { require.NoError(r.t, r.Mark(pcp.Timestamp{Sec: sec})) }

// host opens the archives of a folder.
func host(t *testing.T, dir string) *store.Hosts {
	t.Helper()
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	return h
}

func at(sec int64) pcp.Timestamp { return pcp.Timestamp{Sec: sec} }

// show lists values as "metric instance=value@time …".
func show(v *instant.Values) string {
	var all []string
	for _, m := range v.Metrics {
		if len(m.Points) == 0 {
			continue
		}
		line := m.Metric.Name
		for i, p := range m.Points {
			text := p.Value.Text()
			if n, ok := p.Value.Number(m.Metric.Desc.Type); ok {
				text = fmt.Sprint(n)
			}
			if p.Series.Inst.ID != pcp.InstNull {
				text = p.Series.Inst.Name + "=" + text
			}
			line += fmt.Sprintf(" %s@%d", text, m.Stamps[i].Sec)
		}
		all = append(all, line)
	}
	return strings.Join(all, "\n")
}

func values(t *testing.T, c *instant.Cache, s instant.Subject, sec int64, ids ...pcp.PMID) string {
	t.Helper()
	v, err := c.At(context.Background(), s, at(sec), ids)
	require.NoError(t, err)
	return show(v)
}
