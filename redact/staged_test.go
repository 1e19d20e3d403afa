package redact_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// The metrics of the staged archive.
var (
	processes = pcp.NewInDomID(3, 9)
	network   = pcp.NewInDomID(60, 3)
	started   = pcp.Timestamp{Sec: 1700000000}

	psargs   = text(3, 8, 25, processes, "proc.psinfo.psargs")
	command  = text(3, 8, 26, processes, "proc.psinfo.cmd")
	owner    = text(3, 24, 0, processes, "proc.id.uid_nm")
	node     = text(60, 12, 2, pcp.InDomNull, "kernel.uname.nodename")
	address  = text(60, 3, 30, network, "network.interface.inet_addr")
	hardware = text(60, 3, 31, network, "network.interface.hw_addr")
	message  = text(70, 0, 1, pcp.InDomNull, "app.message")
	blob     = &meta.Desc{PMID: pcp.NewPMID(70, 0, 2), Type: pcp.TypeAggregate, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"app.blob"}}
	events   = &meta.Desc{PMID: pcp.NewPMID(70, 0, 3), Type: pcp.TypeEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"app.log"}}
	line     = text(70, 0, 4, pcp.InDomNull, "app.log.line")
	received = &meta.Desc{PMID: pcp.NewPMID(60, 3, 0), Type: pcp.TypeU64, InDom: network, Sem: pcp.SemCounter, Units: pcp.Units{DimSpace: 1}, Names: []string{"network.interface.in.bytes"}}
	metrics  = []*meta.Desc{psargs, command, owner, node, address, hardware, message, blob, events, line, received}
	// disguised are other spellings of originals.
	disguised = []string{"DB7.Corp.Acme.Test", "Acme", "ZGI3LmNvcnAuYWNtZS50ZXN0", "test.acme.corp", "525400ABCDEF", "10-31-7-9"}
	originals = []string{
		"db7", "db7.corp.acme.test", "corp.acme.test", "alice", "payrolld", "/opt/acme/payrolld --token=S3CR3T-XYZ",
		"S3CR3T-XYZ", "10.31.7.9", "2a02:810:b::77", "52:54:00:ab:cd:ef", "web3.corp.acme.test", "7fe1ddf88e584d78b1a0069af7ce3e61", "bob.smith", "48.137",
		"zoe", "mallory",
	}
)

func text(domain, cluster, item uint32, in pcp.InDomID, name string) *meta.Desc {
	return &meta.Desc{PMID: pcp.NewPMID(domain, cluster, item), Type: pcp.TypeString, InDom: in, Sem: pcp.SemDiscrete, Names: []string{name}}
}

// stage writes an archive with originals in every kind of text and returns its base.
func stage(t testing.TB, name string, v pcp.Version) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), name)
	header := archive.Header{PID: 77, Host: "db7.corp.acme.test", Zone: "UTC"}
	a, err := archive.Create(base, header, &archive.WriteOptions{Version: v})
	require.NoError(t, err)
	for _, d := range metrics {
		require.NoError(t, a.Define(d))
	}
	require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(message.PMID), Text: "messages of db7, ask alice (10.31.7.9); DB7.Corp.Acme.Test; Basic ZGI3LmNvcnAuYWNtZS50ZXN0, test.acme.corp.db7, 525400ABCDEF, ip-10-31-7-9"}))
	stageLabels(t, a)
	require.NoError(t, a.SetInDom(&meta.InDom{Stamp: started, ID: processes, Instances: []meta.Instance{
		{ID: 1, Name: "000001 (systemd)"}, {ID: 1234, Name: "001234 /opt/acme/payrolld --token=S3CR3T-XYZ"},
	}}))
	require.NoError(t, a.SetInDom(&meta.InDom{Stamp: started, ID: network, Instances: []meta.Instance{{ID: 0, Name: "lo"}, {ID: 1, Name: "eth0"}, {ID: 2, Name: "br-db7"}}}))
	for n := range 3 {
		require.NoError(t, a.Append(stageResult(t, n)))
	}
	require.NoError(t, a.Close())
	return base
}

func stageLabels(t testing.TB, a *archive.Appender) {
	t.Helper()
	for _, l := range []struct {
		level labelset.Level
		ident uint32
		text  string
	}{
		{labelset.Context, meta.ContextIdent, `{"hostname":"db7.corp.acme.test","machineid":"7fe1ddf88e584d78b1a0069af7ce3e61","latitude":48.137,"uid":1000}`},
		{labelset.Item, uint32(message.PMID), `{"url":"https://bob.smith:pw@web3.corp.acme.test:9100/metrics","nested":{"user":"alice","owner":["zoe"],"list":["db7","x"],"login":"mallory"}}`},
	} {
		s, err := labelset.Parse(l.text, l.level)
		require.NoError(t, err)
		require.NoError(t, a.SetLabels(&meta.Labels{Stamp: started, Level: l.level, Ident: l.ident, Sets: []labelset.Instance{{Inst: pcp.InstNull, Set: s}}}))
	}
}

func stageResult(t testing.TB, n int) *archive.Result {
	t.Helper()
	set := func(d *meta.Desc, values ...string) archive.ValueSet {
		s := archive.ValueSet{PMID: d.PMID, Format: archive.FormatOf(d.Type)}
		ids := map[pcp.InDomID][]pcp.InstID{processes: {1, 1234}, network: {1, 2}, pcp.InDomNull: {pcp.InstNull}}[d.InDom]
		for i, text := range values {
			s.Values = append(s.Values, history.StringValue(ids[i], text))
		}
		return s
	}
	event, err := history.EventValue(pcp.InstNull, pcp.TypeEvent, []history.EventRecord{{
		Stamp: started, Flags: history.EventPoint, Params: []history.EventParam{{PMID: line.PMID, Value: history.Value{Inst: pcp.InstNull, Type: pcp.TypeString, Data: []byte("login of alice at db7")}}},
	}})
	require.NoError(t, err)
	counter := archive.ValueSet{PMID: received.PMID, Format: archive.Block}
	for i := range 3 {
		counter.Values = append(counter.Values, history.NumberValue(pcp.InstID(i), pcp.TypeU64, uint64(n*1000+i)))
	}
	at := started
	at.Sec += int64(n)
	return &archive.Result{Stamp: at, Sets: []archive.ValueSet{
		set(psargs, "(systemd)", "/opt/acme/payrolld --token=S3CR3T-XYZ"),
		set(command, "systemd", "payrolld"),
		set(owner, "root", "alice"),
		set(node, "db7"),
		set(address, "10.31.7.9", "2a02:810:b::77"),
		set(hardware, "52:54:00:ab:cd:ef", "00:00:00:00:00:00"),
		set(message, "alice@web3.corp.acme.test wrote /home/alice/payrolld.log, 127.0.0.1 answered"),
		{PMID: blob.PMID, Format: archive.Block, Values: []history.Value{{Inst: pcp.InstNull, Type: pcp.TypeAggregate, Data: []byte("\x01\x02payrolld\xff\xfealice\x00db7\x00")}}},
		{PMID: events.PMID, Format: archive.Static, Values: []history.Value{event}},
		counter,
	}}
}
