package edit_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
	"github.com/pcparchive/pcparchive/rewrite/edit"
)

func TestInstances(t *testing.T) {
	r := apply(t, `indom 29.1 { inst 0 -> 1 inst 1 -> 0 iname "sdb" -> "boot disk" iname "sdc" -> delete }`)
	assert.Equal(t, []string{
		"1:sda=0 0:boot disk=1000", "1:sda=1 0:boot disk=1001", "1:sda=2 0:boot disk=1002", "1:sda=3 0:boot disk=1003 2:nvme0=2003",
	}, valuesOf(t, r, "disk.size"), "numbers are swapped; instance 2 is deleted only as long as it is sdc")
	assert.Equal(t, []string{`29.1[0] {"bay":"1"}`, `29.1[1] {"bay":"0"}`, `29.1[2] {"bay":"2"}`}, labelsOf(r, labelset.Instances))
	r = apply(t, `indom 29.1 { iname replace "^sd(.)" -> "disk-\1 &" iname /nvme/ -> delete }`)
	assert.Equal(t, []string{
		"0:disk-a sda=0 1:disk-b sdb=1000 2:disk-c sdc=2000", "0:disk-a sda=1 1:disk-b sdb=1001 2:disk-c sdc=2001", "0:disk-a sda=2 1:disk-b sdb=1002", "0:disk-a sda=3 1:disk-b sdb=1003",
	}, valuesOf(t, r, "disk.size"))
	r = apply(t, `indom 29.* { iname redact inst 1 -> 10 }`)
	assert.Equal(t, "0:0 [redacted]=2 10:10 [redacted]=1002", valuesOf(t, r, "disk.size")[2])
}

// TestFollowers moves metrics and instance domains: texts and labels follow.
func TestFollowers(t *testing.T) {
	r := apply(t, `metric sys.* { pmid -> 31.7.* } indom 29.1 { indom -> 31.5 }`)
	assert.Equal(t, []string{`29 {"agent":"sample"}`, `30 {"agent":"other"}`, `31 {"agent":"sample"}`}, labelsOf(r, labelset.Domain), "disk.size stays in the domain")
	assert.Equal(t, []string{`29.0 {"cluster":"zero"}`, `31.7 {"cluster":"zero"}`}, labelsOf(r, labelset.Cluster))
	assert.Equal(t, []string{`31.7.1 {"kind":"load"}`}, labelsOf(r, labelset.Item))
	assert.Equal(t, []string{`31.5 {"set":"disks"}`}, labelsOf(r, labelset.InDom))
	assert.Len(t, labelsOf(r, labelset.Instances), 3)
	assert.Equal(t, "Load", r.Meta().OneLine(pcp.NewPMID(31, 7, 1)))
	text, _ := r.Meta().Text(meta.TextInDom|meta.TextHelp, uint32(pcp.NewInDomID(31, 5)))
	assert.Equal(t, "Disks", text)
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, m := range step.Metrics {
			if m.Metric.Name == "sys.events" {
				events, err := m.Points[0].Value.Events()
				require.NoError(t, err)
				assert.Equal(t, pcp.NewPMID(31, 7, 1), events[0].Params[0].PMID, "the parameter of an event record")
			}
		}
	}

	r = apply(t, `metric 29.*.* { pmid -> 30.*.* }`)
	assert.Equal(t, []string{`30 {"agent":"other"}`}, labelsOf(r, labelset.Domain)[1:], "a domain keeps its own labels")

	r = apply(t, `indom 29.1 { indom -> duplicate 30.1 }`)
	assert.Equal(t, []string{`29.1 {"set":"disks"}`, `30.1 {"set":"disks"}`}, labelsOf(r, labelset.InDom))
	d, _ := r.Meta().Lookup("disk.size")
	assert.Equal(t, pcp.NewInDomID(30, 1), d.InDom)
}

// TestDeletion removes metrics with all that belongs to them.
func TestDeletion(t *testing.T) {
	r := apply(t, `metric sys.load { delete } metric disk.size { delete }`)
	_, found := r.Meta().Lookup("sys.load")
	assert.False(t, found)
	assert.Empty(t, r.Meta().OneLine(pcp.NewPMID(29, 0, 1)))
	assert.Empty(t, labelsOf(r, labelset.Item))
	assert.Empty(t, labelsOf(r, labelset.InDom), "no metric uses the instance domain any more")
	for id := range r.Meta().InDoms() {
		t.Errorf("instance domain %s", id)
	}
	in, plan, err := planOf(t, fixture(t), `metric *.* { delete }`, edit.Options{})
	require.NoError(t, err)
	_, err = rewrite.Copy(t.Context(), filepath.Join(t.TempDir(), "out"), []*archive.Reader{in}, rewrite.Options{Edit: plan})
	require.ErrorIs(t, err, rewrite.ErrEmpty)
}

func TestMetrics(t *testing.T) {
	r := apply(t, `metric sys.* { name -> host.* } metric disk.alias { name -> disk.second }
metric disk.size { units -> 1,0,0,MBYTE,0,0 rescale type -> U32 sem -> counter }
metric sys.name { value /^([^ ]+) [^ ]+/ -> "\1 [redacted]" value "6[.]1" -> "6" }
metric other.value { type -> 32 indom -> 29.1 output iname "sdb" }`)
	assert.Equal(t, []string{"0", "1", "2", "3"}, valuesOf(t, r, "host.load"))
	assert.Equal(t, "Linux [redacted] 6", valuesOf(t, r, "host.name")[0])
	assert.Equal(t, "0:sda=0 1:sdb=1 2:sdc=2", valuesOf(t, r, "disk.size")[0], "1000 and 2000 Kbyte, rounded")
	assert.Equal(t, "1:sdb=2", valuesOf(t, r, "other.value")[0])
	d, ok := r.Meta().Lookup("disk.second")
	require.True(t, ok)
	assert.Equal(t, []string{"disk.size", "disk.second"}, d.Names)
	assert.Equal(t, pcp.TypeU32, d.Type)
	assert.Equal(t, pcp.SemCounter, d.Sem)
	assert.Equal(t, "Mbyte", d.Units.String())
}

func TestLabels(t *testing.T) {
	r := apply(t, `label context "hostname" { value -> "db \"1\"" label -> "host" new "rack" "4" }
label domain 29 { domain -> 30 }
label item sys.name { new "a" "b" }
label instances 29.1 "sdb" { new "boot" "yes" }
label instances 29.1 * "bay" "2" { delete }
label cluster 30.1 { new "c" "d" }`)
	assert.Equal(t, []string{`{"host":"db \"1\"","rack":"4","site":"a"}`}, labelsOf(r, labelset.Context), "the labels stay together")
	assert.Equal(t, `30 {"agent":"sample"}`, labelsOf(r, labelset.Domain)[len(labelsOf(r, labelset.Domain))-1])
	assert.Equal(t, []string{`29.0.1 {"kind":"load"}`, `29.0.2 {"a":"b"}`}, labelsOf(r, labelset.Item))
	assert.Equal(t, []string{`29.1[0] {"bay":"0"}`, `29.1[1] {"bay":"1","boot":"yes"}`}, labelsOf(r, labelset.Instances))
	assert.Equal(t, []string{`29.0 {"cluster":"zero"}`, `30.1 {"c":"d"}`}, labelsOf(r, labelset.Cluster))
}

func TestTimes(t *testing.T) {
	r := apply(t, `global { time -> -0.5 hostname -> db1 }`)
	assert.Equal(t, pcp.Timestamp{Sec: start - 1, Nsec: 5e8}, r.Header().Start)
	assert.Equal(t, "db1", r.Header().Host)
	in, _ := r.Meta().InDomAt(disks, pcp.Timestamp{Sec: start + 1, Nsec: 6e8})
	assert.Len(t, in.Instances, 2, "the third version is in force half a second earlier")
	assert.Len(t, valuesOf(t, r, "sys.load"), 4)
}

// TestContradictions has rules that are errors.
func TestContradictions(t *testing.T) {
	base := fixture(t)
	for text, want := range map[string]string{
		"global { hostname -> a }\nglobal { hostname -> b }":                                        "f:2:10: the host of the archive is changed twice, first at f:1:10",
		`metric sys.load { type -> U64 } metric 29.0.1 { type -> 64 }`:                              "f:1:49: the type of sys.load is changed twice, first at f:1:19",
		`metric sys.load { delete name -> a.b }`:                                                    "f:1:26: sys.load is deleted and changed",
		`metric sys.load { name -> a.b delete }`:                                                    "f:1:31: sys.load is deleted and changed",
		`metric sys.load { name -> disk.size }`:                                                     "f:1:19: disk.size is already the name of metric 29.0.0",
		`metric sys.load { name -> a.b } metric sys.name { name -> a.b }`:                           "f:1:51: a.b is already the new name of a metric, at f:1:19",
		`metric sys.* { name -> a.b }`:                                                              "f:1:16: several metrics cannot all be called a.b; a new name that ends in .* keeps the rest of theirs",
		`metric sys.load { name -> a.* }`:                                                           "f:1:19: a new name that ends in * needs a rule for metrics OLD.*",
		`metric sys.load { pmid -> 29.0.0 }`:                                                        "f:1:19: sys.load gets the PMID 29.0.0, which disk.size has",
		`metric sys.name { type -> U64 }`:                                                           "f:1:19: sys.name has the type string, which is not numeric",
		`metric sys.load { value /a/ -> "b" }`:                                                      "f:1:19: the values of sys.load are no strings but of type u32",
		`metric sys.load { indom -> 1.* }`:                                                          "f:1:19: sys.load has no instance domain whose serial 1.* could keep",
		`metric sys.load { indom -> 77.1 }`:                                                         "f:1:19: the new instance domain 77.1 of sys.load does not exist in the output",
		`metric sys.name { indom -> null output avg }`:                                              "f:1:19: sys.name has the type string, of which there is no avg",
		`indom 29.* { indom -> 9.* } metric disk.size { indom -> 8.1 }`:                             "f:1:48: disk.size gets the instance domain 8.1, but 29.1 becomes 9.1 at f:1:14",
		`indom 29.1 { iname "sda" -> "sdb" }`:                                                       `f:1:14: two instances of the instance domain 29.1 get the names "sdb" and "sdb", which are the same up to the first blank`,
		`indom 29.1 { inst 0 -> 1 }`:                                                                "f:1:14: two instances of the instance domain 29.1 get the number 1",
		`indom 29.1 { iname "sda" -> "x" inst 0 -> delete }`:                                        `f:1:14: instance 0 "sda" of the instance domain 29.1 is renamed twice, or removed and changed`,
		`global { zoneinfo -> ":UTC" }`:                                                             "f:1:10: an archive of v2 has no zoneinfo; --archive-version 3 makes one that has",
		`label indom 29.1 { indom -> 77.1 }`:                                                        "f:1:20: the new instance domain 77.1 of the labels does not exist in the output",
		`text metric sys.load { text -> "a" } text metric 29.*.* { text -> "b" }`:                   "f:1:59: the content of the help text of 29.0.1 is changed twice, first at f:1:24",
		`global { hostname -> aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa }`: "f:1:10: the host name has 66 bytes, v2 has room for 63",
	} {
		_, _, err := planOf(t, base, text, edit.Options{Version: pcp.V2})
		var rule *edit.RuleError
		if assert.ErrorAs(t, err, &rule, text) {
			assert.Equal(t, want, err.Error(), text)
		}
	}
}

// TestWarnings has rules that change nothing.
func TestWarnings(t *testing.T) {
	base := fixture(t)
	for text, want := range map[string]string{
		`metric a.b { delete }`:                               "f:1:1: no metric a.b",
		`indom 7.* { indom -> 8.* }`:                          "f:1:1: no instance domain 7.*",
		`indom 29.1 { iname "sdz" -> "a" }`:                   `f:1:14: no instance "sdz" in the instance domain 29.1`,
		`indom 29.1 { inst 9 -> 8 }`:                          "f:1:14: no instance 9 in the instance domain 29.1",
		`indom 29.1 { iname "sda" -> "sda" }`:                 `f:1:14: the instance is called "sda" already`,
		`metric sys.load { type if 64 -> U64 }`:               "f:1:19: sys.load has the type u32, not 64",
		`metric sys.load { units -> 1,0,0,BYTE,0,0 rescale }`: "f:1:19: values of sys.load in none cannot be converted to byte; they stay as they are",
		`metric sys.load { indom -> 29.1 }`:                   "",
		`metric disk.size { indom -> null output inst 9 }`:    "f:1:20: no instance 9 in the instance domain 29.1 of disk.size",
		`label domain 77 { delete }`:                          "f:1:1: no such label",
		`label context "hostname" "other" { delete }`:         "f:1:1: no such label",
		`label cluster 77.1 { new "a" "b" }`:                  "f:1:1: nothing to which the new label could belong",
		`text metric sys.load "Loa" { delete }`:               "f:1:1: no such help text",
		`global { hostname -> web1 }`:                         `f:1:10: the host is "web1" already`,
	} {
		_, plan, err := planOf(t, base, text, edit.Options{})
		require.NoError(t, err, text)
		var got string
		if all := plan.Warnings(); len(all) > 0 {
			got = all[0].String()
		}
		assert.Equal(t, want, got, text)
	}
}

func TestChanges(t *testing.T) {
	_, plan, err := planOf(t, fixture(t), `global { hostname -> db1 }
metric sys.load { type -> U64 pmid -> 31.*.* } metric sys.name { delete }
indom 29.1 { iname "sda" -> "one" } label domain 29 { new "a" "b" } text indom 29.1 help { text -> "All disks" }`, edit.Options{})
	require.NoError(t, err)
	assert.Equal(t, []edit.Change{
		{Kind: "archive", Name: "web1", What: "host", From: "web1", To: "db1"},
		{Kind: "metric", Name: "sys.name (29.0.2)", What: "delete"},
		{Kind: "metric", Name: "sys.load (29.0.1)", What: "PMID", From: "29.0.1", To: "31.0.1"},
		{Kind: "metric", Name: "sys.load (29.0.1)", What: "type", From: "u32", To: "u64"},
		{Kind: "instance", Name: `29.1[0 "sda"]`, What: "name", From: "sda", To: "one"},
		{Kind: "text", Name: "29.1 help", What: "content", From: "Disks", To: "All disks"},
		{Kind: "label", Name: "domain 29", What: "new", To: `a="b"`},
	}, sortedByPMID(plan.Changes()))
}

// sortedByPMID puts the deleted metric first, whatever the order of PMIDs is.
func sortedByPMID(all []edit.Change) []edit.Change {
	if all[1].What != "delete" {
		all[1], all[2], all[3] = all[3], all[1], all[2]
	}
	return all
}

// TestValueErrors has values that a new type cannot hold: nothing is written.
func TestValueErrors(t *testing.T) {
	r, plan, err := planOf(t, fixture(t), `metric disk.size { units -> 1,0,0,BYTE,0,0 rescale type -> 32 }`, edit.Options{})
	require.NoError(t, err)
	_, err = plan.Result(&archive.Result{Sets: []archive.ValueSet{{PMID: pcp.NewPMID(29, 0, 0), Values: []history.Value{history.NumberValue(0, pcp.Type64, 1<<40)}}}})
	require.ErrorIs(t, err, edit.ErrTooLarge)
	require.ErrorContains(t, err, "disk.size: conversion from 64 to 32: 1125899906842624: value is beyond the range of the type")
	_, err = plan.Result(&archive.Result{Sets: []archive.ValueSet{{PMID: pcp.NewPMID(29, 0, 0), Values: []history.Value{history.StringValue(0, "x")}}}})
	require.ErrorIs(t, err, edit.ErrStored)
	require.NotNil(t, r)
}
