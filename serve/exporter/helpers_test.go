package exporter_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/labelset"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/exporter"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The metrics of the tests' archives.
var (
	disks = pcp.NewInDomID(60, 1)
	reads = meta.Desc{
		PMID: pcp.NewPMID(60, 0, 4), Type: pcp.TypeU64, InDom: disks, Sem: pcp.SemCounter,
		Units: pcp.Units{DimCount: 1}, Names: []string{"disk.dev.read"},
	}
	memory = meta.Desc{
		PMID: pcp.NewPMID(60, 1, 0), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete,
		Units: pcp.Units{DimSpace: 1, ScaleSpace: pcp.SpaceKbyte}, Names: []string{"mem.physmem", "mem.alias"},
	}
	temperature = meta.Desc{PMID: pcp.NewPMID(60, 2, 0), Type: pcp.TypeFloat, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"hw.temp"}}
	release     = meta.Desc{PMID: pcp.NewPMID(60, 3, 0), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"uname.release"}}
)

// recorder writes an archive.
type recorder struct {
	t testing.TB
	*archive.Appender
	base string
}

// start is the time of the first record.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func stamp(sec int) pcp.Timestamp {
	return pcp.TimestampOf(start.Add(time.Duration(sec)*time.Second + 250*time.Millisecond))
}

// record begins an archive with metadata of all kinds.
func record(t testing.TB, dir, host string) *recorder {
	t.Helper()
	r := &recorder{t: t, base: filepath.Join(dir, host)}
	a, err := archive.Create(r.base, archive.Header{Host: host, Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	r.Appender = a
	for _, d := range []meta.Desc{reads, memory, temperature, release} {
		d.Names = append([]string(nil), d.Names...)
		require.NoError(t, a.Define(&d))
	}
	for kind, text := range map[meta.TextType]string{meta.TextOneLine: "Reads", meta.TextHelp: "Reads of a disk,\nC:\\ included, \"all\""} {
		require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | kind, Ident: uint32(reads.PMID), Text: text}))
	}
	r.label(labelset.Context, meta.ContextIdent, pcp.InstNull, `{"hostname":"`+host+`","site":{"room":"Zürich \"A\"\\1\nB"}}`)
	r.label(labelset.Domain, 60, pcp.InstNull, `{"agent":"linux"}`)
	r.label(labelset.Cluster, uint32(reads.PMID.ClusterID()), pcp.InstNull, `{"cluster":7}`)
	r.label(labelset.Item, uint32(reads.PMID), pcp.InstNull, `{"item":true}`)
	r.label(labelset.InDom, uint32(disks), pcp.InstNull, `{"device_type":"block"}`)
	require.NoError(t, a.SetInDom(&meta.InDom{Stamp: stamp(0), ID: disks, Instances: []meta.Instance{{ID: 0, Name: "sda"}, {ID: 3, Name: `nvme "0"`}}}))
	r.label(labelset.Instances, uint32(disks), 0, `{"wwn":"x1"}`)
	return r
}

func (r *recorder) label(level labelset.Level, ident uint32, inst pcp.InstID, text string) {
	set, err := labelset.Parse(text, level)
	require.NoError(r.t, err)
	require.NoError(r.t, r.SetLabels(&meta.Labels{Stamp: stamp(0), Level: level, Ident: ident, Sets: []labelset.Instance{{Inst: inst, Set: set}}}))
}

// put writes a record; the first also has the discrete values.
func (r *recorder) put(sec int) *recorder {
	res := &archive.Result{Stamp: stamp(sec), Sets: []archive.ValueSet{
		{PMID: reads.PMID, Format: archive.Block, Values: []history.Value{
			history.NumberValue(0, pcp.TypeU64, uint64(100+sec)), history.NumberValue(3, pcp.TypeU64, 1<<53+1),
		}},
		{PMID: temperature.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeFloat, 0x42486666)}},
	}}
	if sec == 0 {
		res.Sets = append(res.Sets,
			archive.ValueSet{PMID: memory.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, 4096)}},
			archive.ValueSet{PMID: release.PMID, Format: archive.Block, Values: []history.Value{history.StringValue(pcp.InstNull, "6.1")}})
	}
	require.NoError(r.t, r.Append(res))
	require.NoError(r.t, r.Flush())
	return r
}

// server has a view that tests change.
type server struct {
	*exporter.Exporter
	t     testing.TB
	cache *instant.Cache
	hosts *store.Hosts

	mu   sync.Mutex
	view exporter.View
}

func (s *server) Archives() (*exporter.View, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	return &v, func() {}
}

// serveDir serves the archives of a folder.
func serveDir(t testing.TB, dir string, o exporter.Options) *server {
	t.Helper()
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	s := &server{t: t, cache: instant.NewCache(instant.Options{}), hosts: h, view: exporter.View{Sets: h.Sets(), Move: timeshift.None}}
	o.Source, o.Values, o.Version = s, s.cache, "1.2.3"
	o.Now = func() time.Time { return start.Add(time.Hour) }
	s.Exporter = exporter.New(o)
	return s
}

// refresh looks for archives.
func (s *server) refresh() {
	next, _, err := s.hosts.Refresh(s.t.Context())
	require.NoError(s.t, err)
	s.hosts = next
	s.mu.Lock()
	s.view.Sets = next.Sets()
	s.mu.Unlock()
}

// get returns a reply. Headers are "Name: value".
func (s *server) get(query string, headers ...string) (status int, body string, h http.Header) {
	return s.send(http.MethodGet, query, headers...)
}

func (s *server) send(method, query string, headers ...string) (status int, body string, h http.Header) {
	s.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "/metrics?"+query, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	s.ServeHTTP(w, r)
	all, err := io.ReadAll(w.Result().Body)
	require.NoError(s.t, err)
	return w.Code, string(all), w.Header()
}

// newRequest returns the reply to a request with any text as its parameters.
func newRequest(t testing.TB, s *server, query, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	r.URL.RawQuery = query
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}
