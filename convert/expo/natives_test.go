package expo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/sinktest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/pcp"
)

// placesOf reads a page and returns the places of its series by their text.
func placesOf(t *testing.T, page, host string) map[string]native.Place {
	t.Helper()
	places := map[string]native.Place{}
	r := NewReader(pages(page), ReadOptions{})
	n := r.Natives(host)
	for _, s := range seriesOf(t, r) {
		for _, p := range n.Places(s) {
			places[id(s.Name, s.Labels)] = p
		}
	}
	return places
}

// seriesOf reads to the end and returns the series of all samples.
func seriesOf(t *testing.T, r *Reader) []*prom.Series {
	t.Helper()
	var all []*prom.Series
	require.NoError(t, r.Samples(context.Background(), sinktest.Sink(sampleFunc(func(s *prom.Series, _ int64, _ float64) error {
		all = append(all, s)
		return nil
	}))))
	return all
}

type sampleFunc func(s *prom.Series, t int64, v float64) error

func (f sampleFunc) Sample(s *prom.Series, t int64, v float64) error { return f(s, t, v) }

func TestNativesOfCorpus(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(oracle.Corpus(t), "openmetrics", "sample-pmda-pcp5-metadata.txt"))
	require.NoError(t, err)
	places := placesOf(t, string(page), "goblin")
	assert.Len(t, places, len(parse(t, string(page), "")), "all series of the page")
	names := map[string]bool{}
	for series, p := range places {
		d := p.Metric.Desc
		names[d.Name()] = true
		assert.Equal(t, uint32(29), d.PMID.Domain(), series)
		assert.NotContains(t, p.Labels.JSON(), "goblin", series)
		if d.Name() == "sample.double.bin_ctr" && p.Instance == "bin-300" {
			assert.Equal(t, pcp.InstID(300), p.ID)
			assert.Equal(t, pcp.NewInDomID(29, 2), d.InDom)
			assert.Equal(t, pcp.TypeDouble, d.Type)
			assert.Equal(t, pcp.SemCounter, d.Sem)
			assert.Equal(t, "Kbyte", d.Units.String())
			assert.JSONEq(t, `{"bin":"300"}`, p.Labels.JSON())
			assert.Contains(t, p.Metric.OneLine, "SPACE_KBYTE")
		}
	}
	assert.Contains(t, names, "sample.mirage_longlong")
	assert.Contains(t, names, "sample.control")
	assert.Empty(t, placesOf(t, string(page), "other"), "of another host")
	assert.Len(t, placesOf(t, string(page), ""), len(places))
}

// pcp2openmetrics is what that program writes of an archive, faults and all.
const pcp2openmetrics = `# PCP5 disk_dev_read 60.0.4 u64 60.1 counter count
# TYPE disk_dev_read counter
# HELP disk_dev_read per-disk read operations
disk_dev_read_total{,hostname="box",machineid="1",instname="sda",instid="3",agent="linux",device_type="block"} 10 1700000000.25
disk_dev_read_total{,hostname="box",machineid="1",instname="sdb",instid="4",agent="linux",device_type="block"} 20 1700000000.25
# PCP5 kernel_all_load 60.2.0 float 60.2 instant 
# TYPE kernel_all_load gauge
# HELP kernel_all_load 1, 5 and 15 minute load average
kernel_all_load{domainname="d",hostname="box",instname="1 minute",instid="1"} -nan 1700000000.25
# PCP5 kernel_uname_release 60.12.0 string PM_INDOM_NULL discrete none
# TYPE kernel_uname_release gauge
# HELP kernel_uname_release release level
kernel_uname_release{,hostname="box"} 6.1.0 amd64 1700000000.25
disk_dev_read_total{,hostname="box",machineid="1",instname="sda",instid="3",agent="linux",device_type="block"} 11 1700000001.25
# EOF
`

func TestNativesOfPCP2OpenMetrics(t *testing.T) {
	report := &prom.Report{}
	r := NewReader(pages(pcp2openmetrics), ReadOptions{Report: report})
	n := r.Natives("box")
	var all gotten
	require.NoError(t, r.Samples(context.Background(), sinktest.Sink(&all)))
	require.Len(t, all.all, 4)
	assert.Equal(t, all.all[0].series, all.all[3].series)
	assert.Equal(t, int64(1_700_000_001_250), all.all[3].t)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNotNumeric, Name: "kernel_uname_release", Count: 1}}, report.Losses())
	for name, s := range r.series {
		p := n.Places(s)
		require.Len(t, p, 1, name)
		if p[0].Instance == "sdb" {
			d := p[0].Metric.Desc
			assert.Equal(t, "disk_dev_read 60.0.4 u64 60.1 counter count",
				d.Name()+" "+d.PMID.String()+" "+d.Type.String()+" "+d.InDom.String()+" "+d.Sem.String()+" "+d.Units.String())
			assert.Equal(t, pcp.InstID(4), p[0].ID)
			assert.JSONEq(t, `{"device_type":"block"}`, p[0].Metric.Labels[4].JSON(), "all instances have it")
			assert.Zero(t, p[0].Labels.Len())
			assert.JSONEq(t, `{"agent":"linux"}`, p[0].Metric.Labels[1].JSON())
		}
	}
}

// TestNativesOfPMProxy has what pmproxy does to names and text.
func TestNativesOfPMProxy(t *testing.T) {
	const page = `# PCP5 a.b 60.0.1 U32 60.5 counter byte / sec
# HELP a_b help
# TYPE a_b counter
a_b{x.y="1",instname="caf\xc3\xa9",instid="7"} 1
# PCP5 a.total 60.0.2 u32 PM_INDOM_NULL counter none
# TYPE a_total counter
a_total{place="here"} 2
# PCP5 alias.b 60.0.1 U32 60.5 counter byte / sec
# TYPE alias_b counter
alias_b{instname="x"} 1
# PCP5 om.x 144.0.1 u32 PM_INDOM_NULL counter none
om_x 1
# PCP5 bad name
bad 1
# PCP5 a.gauge 60.0.3 u32 PM_INDOM_NULL instant none
a_gauge_total 1
a_gauge{instname="of a metric without any"} 1
a_gauge{instid="7"} 1
`
	places := placesOf(t, page, "")
	got := map[string]string{}
	for series, p := range places {
		got[series] = p.Metric.Desc.Name() + " " + p.Instance
	}
	assert.Equal(t, map[string]string{
		`a_b,"instid"="7","instname"="café","x.y"="1"`: "a.b café",
		`a_total,"place"="here"`:                       "a.total ",
		"om_x":                                         "om.x ",
		`a_gauge,"instid"="7"`:                         "a.gauge ", // of an old logger
	}, got)
	assert.JSONEq(t, `{"place":"here"}`, places[`a_total,"place"="here"`].Metric.Labels[4].JSON())
}

// TestMendOnlyPCP leaves other pages' faults alone.
func TestMendOnlyPCP(t *testing.T) {
	for _, fault := range []string{"a{,b=\"c\"} 1\n", "a -nan\n", "a.b 1\n"} {
		assert.Error(t, NewReader(pages(fault), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{})), fault)
	}
	const head = "# PCP5 x.y 60.0.1 u32 PM_INDOM_NULL counter none\n"
	for _, fault := range []string{"a{b=c} 1\n", "a{b=\"c} 1\n", "a{b} 1\n", "a\n", "{} 1\n", "a{b=\"1\",b=\"2\"} 1\n", "\x00\n"} {
		err := NewReader(pages(head+fault), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{}))
		assert.ErrorContains(t, err, "page0: line 2: ", "%q", fault)
	}
	const mended = "a{,b=\"c\"} 1\n"
	err := NewReader(pages(head+mended+mended, mended), ReadOptions{}).Samples(context.Background(), sinktest.Sink(&gotten{}))
	assert.ErrorContains(t, err, "page1: line 1: ", "though its series is known")
}

// TestNativeLabels tells labels of metrics from those of instances, over all
// metrics of an instance domain and over time.
func TestNativeLabels(t *testing.T) {
	const page = `# PCP5 a.x 60.0.1 u32 60.5 instant none
a_x{instname="i",dev="1"} 1 1
a_x{instname="i",of="x",dev="1",late="l"} 1 2
a_x{instname="j",of="x",dev="2",late="l"} 1 2
# PCP5 a.y 60.0.2 u32 60.5 instant none
a_y{instname="i",of="y",dev="1",late="l"} 1 2
# PCP5 a.z 60.0.3 u32 60.5 instant none
a_z{instname="i",dev="another"} 1 2
# PCP5 a.s 60.0.4 u32 PM_INDOM_NULL instant none
a_s 1 1
a_s{late="l"} 1 2
a_s{job="another"} 1 2
# PCP5 a.w 60.0.5 u32 60.6 instant none
a_w{instname="i"} 1 1
a_w{instname="i",dev="1"} 1 2
a_w{instname="j",dev="2"} 1 2
a_w{instname="k",dev="3",instid="1"} 1 2
`
	report := &prom.Report{}
	r := NewReader(pages(page), ReadOptions{Format: new(Format), Report: report})
	n := r.Natives("")
	var got []string
	for _, s := range seriesOf(t, r) {
		for _, p := range n.Places(s) {
			got = append(got, fmt.Sprintf("%s%s[%d %s]%s %d", p.Metric.Desc.Name(), p.Metric.Labels[4].JSON(), p.ID, p.Instance, p.Labels.JSON(), p.Combine))
		}
	}
	assert.Equal(t, []string{
		`a.x[0 i]{"dev":"1"} 0`, `a.x{"late":"l","of":"x"}[0 i]{"dev":"1"} 1`, `a.x{"late":"l","of":"x"}[1 j]{"dev":"2"} 0`,
		`a.y{"late":"l","of":"y"}[0 i]{"dev":"1"} 0`, `a.s[-1 ] 0`, `a.s{"late":"l"}[-1 ] 1`, `a.s{"job":"another"}[-1 ] 0`,
		`a.w[0 i] 0`, `a.w[0 i]{"dev":"1"} 1`, `a.w[2 j]{"dev":"2"} 0`, `a.w[1 k]{"dev":"3"} 0`,
	}, got)
	assert.Equal(t, []prom.LossCount{{Loss: prom.LossNotNative, Name: "a.z", Count: 1}}, report.Losses())
}

// TestNumberedFamily has samples that got a number go to the line before them.
func TestNumberedFamily(t *testing.T) {
	places := placesOf(t, `# PCP5 a.b_c 60.0.1 u32 PM_INDOM_NULL counter none
a_b_c 1
# PCP5 a_b.c 60.0.2 u32 PM_INDOM_NULL counter none
a_b_c_2 1
a_b_c_3 1
# PCP5 gone.first 60.0.3 u32 PM_INDOM_NULL counter none
gone_first_3 1
# PCP5 plain 60.0.4 u32 PM_INDOM_NULL counter none
plain 1
plain_2 1
plain_02 1
`, "")
	got := map[string]string{}
	for series, p := range places {
		got[series] = p.Metric.Desc.Name()
	}
	assert.Equal(t, map[string]string{"a_b_c": "a.b_c", "a_b_c_2": "a_b.c", "gone_first_3": "gone.first", "plain": "plain"}, got)
}
