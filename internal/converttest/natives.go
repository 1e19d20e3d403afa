package converttest

import (
	"hash/crc32"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// Placing is a native.Resolver that finds the places of a series by its name.
type Placing map[string][]native.Place

// Places returns the places of a series.
func (p Placing) Places(s *prom.Series) []native.Place { return p[s.Name] }

// NativeMetric returns a metric of PCP whose number depends on its name.
func NativeMetric(name string, t pcp.Type, sem pcp.Semantics, indom pcp.InDomID) *native.Metric {
	return &native.Metric{Desc: meta.Desc{Names: []string{name}, PMID: pcp.NewPMID(60, 0, crc32.ChecksumIEEE([]byte(name))%1024), Type: t, Sem: sem, InDom: indom}}
}
