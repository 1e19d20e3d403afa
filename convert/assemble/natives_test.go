package assemble_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// cpus is a Natives for a made-up exporter.
type cpus struct{ user, ncpu, percpu *native.Metric }

func newCPUs() cpus {
	metric := func(name string, item uint32, d meta.Desc) *native.Metric {
		d.Names, d.PMID = []string{name}, pcp.NewPMID(60, 0, item)
		return &native.Metric{Desc: d}
	}
	return cpus{
		user:   metric("kernel.all.cpu.user", 20, meta.Desc{Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter}),
		ncpu:   metric("hinv.ncpu", 32, meta.Desc{Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete}),
		percpu: metric("kernel.percpu.cpu.user", 1, meta.Desc{Type: pcp.TypeU64, InDom: pcp.NewInDomID(60, 0), Sem: pcp.SemCounter}),
	}
}

func (c cpus) Places(s *prom.Series) []native.Place {
	if s.Name != "cpu" {
		return nil
	}
	cpu := s.Labels[0].Value
	return []native.Place{
		{Metric: c.user, Factor: 1000, Combine: native.CombineSum},
		{Metric: c.ncpu, Combine: native.CombineCount},
		{Metric: c.percpu, Instance: "cpu" + cpu, ID: pcp.InstNull, Factor: 1000, Labels: labelset.Set{}},
	}
}

func TestAssemblerNatives(t *testing.T) {
	report := &prom.Report{}
	steps := gathered(t, assemble.Options{Natives: newCPUs(), Report: report},
		given{"cpu", "cpu=0", 1.5}, given{"other", "", math.Pi}, given{"cpu", "cpu=1", 2.25})
	assert.Equal(t, []string{
		"kernel.all.cpu.user -1 3750", "hinv.ncpu -1 2",
		"kernel.percpu.cpu.user 0 1500", "kernel.percpu.cpu.user 1 2250",
		"openmetrics.import.other -1 3.141592653589793",
	}, steps)
	assert.Empty(t, report.Losses())

	// A second target's values do not mix with the first one's.
	steps = gathered(t, assemble.Options{Natives: newCPUs(), Report: report},
		given{"cpu", "cpu=0 instance=a", 1}, given{"cpu", "cpu=0 instance=b", 1})
	assert.Contains(t, steps, "kernel.all.cpu.user -1 1000")
	assert.Contains(t, steps, "openmetrics.b.cpu 0 1")
	assert.NotEmpty(t, report.Losses())
}
