package nativemap

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
)

func TestTablesAreSound(t *testing.T) {
	require.Equal(t, []string{"node_exporter"}, Names())
	for _, name := range Names() {
		m, err := New(name)
		require.NoError(t, err)
		descs, pmids, seen := map[string]*row{}, map[pcp.PMID]string{}, map[string]bool{}
		for _, r := range m.table.rows {
			key := fmt.Sprintf("%s %v", r.name, r.instance)
			assert.False(t, seen[key] && r.instance[0].label == "", "%s twice", key)
			seen[key] = true
			if first := descs[r.name]; first != nil {
				assert.Equal(t, first.desc, r.desc, r.name)
				assert.Equal(t, first.help, r.help, r.name)
				assert.NotEqual(t, pcp.InDomNull, r.desc.InDom, "%s twice", r.name)
			}
			descs[r.name] = r
			if owner, taken := pmids[r.desc.PMID]; taken {
				assert.Equal(t, owner, r.name, "one PMID")
			}
			pmids[r.desc.PMID] = r.name
			assert.NotEmpty(t, r.help, r.name)
			assert.NotEmpty(t, r.section, r.name)
		}
	}
	_, err := New("windows_exporter")
	assert.ErrorContains(t, err, `no map "windows_exporter": want node_exporter`)
}

func TestUnsoundTables(t *testing.T) {
	line := func(cells ...string) string { return strings.Join(cells, "\t") }
	for text, want := range map[string]string{
		"a\tb": "x.tsv:1: 2 columns, want 9",
		line("m", "60.0", "u32", "-", "counter", "count", "-", "s", "h"):                 "x.tsv:1: PMID",
		line("m", "60.0.1", "u31", "-", "counter", "count", "-", "s", "h"):               `"u31" is none of`,
		line("m", "60.0.1", "u32", "60", "counter", "count", "-", "s", "h"):              "instance domain",
		line("m", "60.0.1", "u32", "-", "count", "count", "-", "s", "h"):                 `"count" is none of`,
		line("m", "60.0.1", "u32", "-", "counter", "counts", "-", "s", "h"):              `unknown unit "counts"`,
		line("m", "60.0.1", "u32", "-", "counter", "count", "{a}", "s", "h"):             "instance domain -, but instance",
		line("m", "60.0.1", "u32", "60.0", "counter", "count", "-", "s", "h"):            "but instance",
		line("m", "60.0.1", "string", "-", "counter", "none", "-", "s", "h"):             "wants a text",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", "s{", "h"):              "parse error",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", "rate(s[1m])", "h"):     "want sums of series",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", "s ^ 2", "h"):           "want sums of series",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", "a + b / c", "h"):       "stands alone",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", "a * (b + c)", "h"):     "want one series after *",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", "(a + b) % 2", "h"):     "want one series before %",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", "a offset 5m", "h"):     "want sums of series",
		line("m", "60.0.1", "u32", "-", "counter", "count", "-", `{__name__=~"a"}`, "h"): "want sums of series",
		"indom 60\t{}\t-":     "instance domain",
		"indom 60.0\t{\t-":    "x.tsv:1",
		"\n\ndeclare a\tnone": "declared none is not a metric",
	} {
		_, err := newMap("x", "x.tsv", text)
		assert.ErrorContains(t, err, want, text)
	}
}

// places returns where a series goes, as "metric instance".
func places(t *testing.T, m *Map, name, labels string) []string {
	t.Helper()
	s := &prom.Series{Name: name}
	for pair := range strings.FieldsSeq(labels) {
		k, v, _ := strings.Cut(pair, "=")
		s.Labels = append(s.Labels, prom.Label{Name: k, Value: v})
	}
	var out []string
	for _, p := range m.Places(s) {
		if !p.Known {
			out = append(out, strings.TrimSpace(p.Metric.Desc.Name()+" "+p.Instance))
		}
	}
	slices.Sort(out)
	return out
}

func TestDevicesAreTheAgents(t *testing.T) {
	m, err := New("node_exporter")
	require.NoError(t, err)
	for device, class := range map[string]string{
		"sda": "dev", "sdaa": "dev", "vda": "dev", "nvme0n1": "dev", "nvme10n2": "dev", "mmcblk0": "dev", "rbd7": "dev", "nbd0": "dev",
		"sda1": "partitions", "vda15": "partitions", "nvme0n1p2": "partitions", "mmcblk0p6": "partitions", "rbd7p1": "partitions",
		"dm-0": "dm", "md0": "md", "md127": "md", "sr0": "", "loop0": "", "ram3": "", "zram0": "zram", "xvm1a": "",
	} {
		var want []string
		switch class {
		case "dev":
			want = []string{"disk.all.read", "disk.all.total", "disk.dev.read " + device, "disk.dev.total " + device}
		case "zram":
			want = []string{"zram.read " + device, "zram.total " + device}
		case "":
		default:
			want = []string{"disk." + class + ".read " + device, "disk." + class + ".total " + device}
		}
		assert.Equal(t, want, places(t, m, "node_disk_reads_completed_total", "device="+device), device)
	}
	assert.Len(t, places(t, m, "node_network_receive_bytes_total", "device=eth0"), 4)
	assert.Len(t, places(t, m, "node_network_receive_bytes_total", "device=docker0"), 2, "not in network.all")
	assert.Equal(t, []string{"tmpfs.free /run"}, places(t, m, "node_filesystem_free_bytes", "device=tmpfs fstype=tmpfs mountpoint=/run")[:1])
	assert.Empty(t, places(t, m, "node_filesystem_free_bytes", "device=srv:/home fstype=nfs4 mountpoint=/home"))
}

func TestNamesOfRequestsAreTheAgents(t *testing.T) {
	m, err := New("node_exporter")
	require.NoError(t, err)
	for method, want := range map[string]string{"Getattr": "getattr", "SetClientID": "setclntid", "ServerCaps": "server_caps"} {
		assert.Equal(t, []string{"nfs4.client.calls", "nfs4.client.reqs " + want},
			places(t, m, "node_nfs_requests_total", "method="+method+" proto=4"))
	}
	assert.Equal(t, []string{"nfs3.server.calls", "nfs3.server.reqs readdir+"}, places(t, m, "node_nfsd_requests_total", "method=ReadDirPlus proto=3"))
	assert.Equal(t, []string{"nfs.client.calls", "nfs.client.reqs statfs"}, places(t, m, "node_nfs_requests_total", "method=FsStat proto=2"))
}

// page is what an exporter of one host might show.
const page = `node_cpu_seconds_total{cpu="0",mode="idle"} 100.25
node_cpu_seconds_total{cpu="0",mode="user"} 7.5
node_cpu_seconds_total{cpu="0",mode="irq"} 0.5
node_cpu_seconds_total{cpu="0",mode="softirq"} 0.25
node_cpu_seconds_total{cpu="1",mode="idle"} 200
node_cpu_seconds_total{cpu="1",mode="user"} 9
node_cpu_guest_seconds_total{cpu="0",mode="user"} 2.5
node_cpu_guest_seconds_total{cpu="1",mode="user"} 1
node_memory_MemTotal_bytes 2.5276510208e+10
node_memory_MemFree_bytes 2.2e+10
node_memory_Cached_bytes 1.194061824e+09
node_memory_Buffers_bytes 3.428352e+07
node_memory_HugePages_Total 3
node_memory_Hugepagesize_bytes 2.097152e+06
node_load5 0.75
node_disk_read_time_seconds_total{device="sda"} 4294967.301
node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 1024000
node_filesystem_free_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 512000
node_filesystem_avail_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/"} 128000
node_filesystem_size_bytes{device="/dev/sda1",fstype="ext4",mountpoint="/bind"} 1024000
node_network_flags{device="lo"} 9
node_network_flags{device="eth1"} 4098
node_network_info{address="02:00:00:00:00:01",device="eth1",duplex="full",operstate="up"} 1
node_network_speed_bytes{device="eth1"} 1.25e+08
node_network_speed_bytes{device="lo"} -125000
node_uname_info{machine="x86_64",nodename="web1",release="6.1",sysname="Linux",version="#1"} 1
node_vmstat_pswpin 4.294967297e+09
node_network_receive_bytes_total{device="eth1"} 1000
node_network_receive_bytes_total{device="lo"} 20
node_network_receive_bytes_total{device="team0"} 300
node_network_transmit_bytes_total{device="eth1"} 4000
node_network_transmit_bytes_total{device="lo"} 50
node_softnet_processed_total{cpu="0"} 6
node_softnet_processed_total{cpu="1"} 70
node_interrupts_total{cpu="0",devices="d",info="i",type="24"} 8
node_interrupts_total{cpu="1",devices="d",info="i",type="24"} 90
node_interrupts_total{cpu="1",devices="",info="Local",type="LOC"} 11
node_nfs_requests_total{method="GetAttr",proto="3"} 12
node_nfs_requests_total{method="ReadDirPlus",proto="3"} 13
node_pressure_io_waiting_seconds_total 221.001698
unknown_total 5
`

func TestValues(t *testing.T) {
	base, report := record(t, snapshot{time.Unix(1700000000, 0), []byte(page)})
	r, err := archive.Open(base, nil)
	require.NoError(t, err)
	got := map[string]string{}
	for step, err := range r.Steps(history.Query{}) {
		require.NoError(t, err)
		for _, mv := range step.Metrics {
			for _, p := range mv.Points {
				key := strings.TrimSpace(mv.Metric.Name + " " + p.Series.Inst.Name)
				if v, ok := p.Value.Number(mv.Metric.Desc.Type); ok {
					got[key] = fmt.Sprint(v)
				} else {
					got[key] = p.Value.Text()
				}
			}
		}
	}
	for key, want := range map[string]string{
		"kernel.all.cpu.idle": "300250", "kernel.percpu.cpu.idle cpu1": "200000", "kernel.percpu.cpu.intr cpu0": "750",
		"kernel.all.cpu.vuser": "13000", "kernel.percpu.cpu.vuser cpu0": "5000", "kernel.all.cpu.guest": "3500",
		"hinv.ncpu": "2", "hinv.map.cpu_num cpu1": "1", "hinv.cpu.online cpu1": "1", "kernel.all.idletime": "300.25",
		"hinv.physmem": "24105", "mem.util.used": "3.199717e+06", "mem.util.other": "2.000161e+06",
		"mem.util.hugepagesTotalBytes": "6.291456e+06", "kernel.all.load 5 minute": "0.75",
		"disk.dev.read_rawactive sda": "5", "disk.all.read_rawactive": "4.294967301e+09",
		"filesys.capacity /dev/sda1": "1000", "filesys.used /dev/sda1": "500", "filesys.full /dev/sda1": "80", "filesys.mountdir /dev/sda1": "/",
		"network.interface.up lo": "1", "network.interface.up eth1": "0", "network.interface.duplex eth1": "2",
		"network.interface.hw_addr eth1": "02:00:00:00:00:01", "network.interface.baudrate eth1": "1.25e+08",
		"network.all.in.bytes": "1000", "network.interface.total.bytes eth1": "5000", "kernel.all.interrupts.total 24": "98",
		"nfs3.client.calls": "25", "nfs3.client.reqs readdir+": "13", "kernel.all.pressure.io.some.total": "2.21001698e+08",
		"kernel.uname.nodename": "web1", "hinv.machine": "x86_64", "swap.pagesin": "1",
		"openmetrics.import.unknown_total": "5",
	} {
		assert.Equal(t, want, got[key], key)
	}
	for _, key := range []string{"network.interface.baudrate lo", "mem.util.cache_clean", "kernel.all.uptime"} {
		assert.NotContains(t, got, key)
	}
	assert.Contains(t, got, "openmetrics.import.node_filesystem_size_bytes 0 device:/dev/sda1 fstype:ext4 mountpoint:/bind")
	assert.Len(t, report.Losses(), 1, report.Losses())
}

// TestAlternatives takes 0 where the first series is missing, and refuses other
// forms.
func TestAlternatives(t *testing.T) {
	terms, err := parseSource(`sum(a{x="1"}) or sum(0 * b)`)
	require.NoError(t, err)
	require.Len(t, terms, 2)
	assert.Equal(t, 1, parts(terms), "either is enough")
	v, ok := terms[1].pick(17)
	assert.True(t, ok)
	assert.Zero(t, v)
	for _, text := range []string{"a or b", "sum(a) or sum(b)", "sum(a) or 0 * b", "sum(a + c) or sum(0 * b)", "sum(a) or sum(0 * b) or sum(0 * c)", "count(a) or sum(0 * b)"} {
		_, err := parseSource(text)
		assert.ErrorIs(t, err, errSource, text)
	}
}
