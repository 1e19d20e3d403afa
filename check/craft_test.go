package check_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pcparchive/pcparchive/check"
	"github.com/pcparchive/pcparchive/finding"
	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// crafted is an archive put together record by record.
type crafted = archtest.Crafted

// start is the time in the labels.
var start = archtest.Start

// at returns a time so many seconds after the start.
func at(sec int) pcp.Timestamp { return start.Add(time.Duration(sec) * time.Second) }

// craft returns an archive of labels only.
func craft(t *testing.T, v pcp.Version) *crafted {
	t.Helper()
	return archtest.Craft(t, v)
}

// findings writes the archive and checks it.
func findings(c *crafted, o *check.Options) []finding.Finding {
	c.Write()
	return slices.Collect(check.Archive(context.Background(), c.Base, o))
}

// codes returns the codes of findings, each once, sorted.
func codes(findings []finding.Finding) []finding.Code {
	var all []finding.Code
	for _, f := range findings {
		all = append(all, f.Code)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// The metrics and the instance domain of crafted archives.
var (
	counter = &meta.Desc{PMID: pcp.NewPMID(60, 1, 1), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"craft.counter"}}
	perInst = &meta.Desc{PMID: pcp.NewPMID(60, 1, 2), Type: pcp.TypeU32, InDom: disks, Sem: pcp.SemInstant, Names: []string{"craft.per"}}
	text    = &meta.Desc{PMID: pcp.NewPMID(60, 1, 3), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"craft.text"}}
	events  = &meta.Desc{PMID: pcp.NewPMID(60, 1, 4), Type: pcp.TypeEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"craft.events"}}
	disks   = pcp.NewInDomID(60, 1)
)

func indom(t pcp.Timestamp, names ...string) *meta.InDom {
	in := &meta.InDom{Stamp: t, ID: disks}
	for i, name := range names {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(i), Name: name})
	}
	return in
}

// good makes c an archive in which there is nothing to find.
func good(c *crafted) {
	c.Meta(counter, perInst, indom(start, "sda", "sdb"))
	begin := len(c.Files[".0"])
	for i := range 4 {
		c.Data(at(i), 2, uint32(counter.PMID), 1, 0, 0xffffffff, uint32(i), uint32(perInst.PMID), 2, 0, 0, 7, 1, 8)
	}
	c.Index(start, 0, c.Layout.HeaderSize, begin)
	c.Index(at(3), 0, len(c.Files[".meta"]), begin+3*(len(c.Files[".0"])-begin)/4)
}
