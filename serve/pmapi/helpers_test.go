package pmapi_test

import (
	"encoding/json"
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
	"github.com/pcparchive/pcparchive/serve/pmapi"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The metrics of the tests' archives.
var (
	periods = pcp.NewInDomID(60, 2)
	load    = meta.Desc{PMID: pcp.NewPMID(60, 2, 0), Type: pcp.TypeFloat, InDom: periods, Sem: pcp.SemInstant, Names: []string{"kernel.all.load"}}
	uptime  = meta.Desc{
		PMID: pcp.NewPMID(60, 26, 0), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter,
		Units: pcp.Units{DimTime: 1, ScaleTime: pcp.TimeSec}, Names: []string{"kernel.all.uptime", "system.uptime"},
	}
	release = meta.Desc{PMID: pcp.NewPMID(60, 12, 0), Type: pcp.TypeString, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"kernel.uname.release"}}
	ratio   = meta.Desc{PMID: pcp.NewPMID(60, 13, 0), Type: pcp.TypeDouble, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"test.ratio"}}
	blob    = meta.Desc{PMID: pcp.NewPMID(60, 14, 0), Type: pcp.TypeAggregate, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"test.blob"}}
	events  = meta.Desc{PMID: pcp.NewPMID(60, 15, 0), Type: pcp.TypeHighResEvent, InDom: pcp.InDomNull, Sem: pcp.SemInstant, Names: []string{"test.events"}}
)

// base is the time of the first record.
const base = 1_700_000_000

func stamp(sec int) pcp.Timestamp { return pcp.Timestamp{Sec: base + int64(sec), Nsec: 34_928_020} }

// write writes an archive with a record each second, of which the last is sec n-1.
func write(t testing.TB, path, host string, n int) {
	t.Helper()
	a, err := archive.Create(path, archive.Header{Host: host, Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	for _, d := range []meta.Desc{load, uptime, release, ratio, blob, events} {
		d.Names = append([]string(nil), d.Names...)
		require.NoError(t, a.Define(&d))
	}
	text := func(kind meta.TextType, ident uint32, text string) {
		require.NoError(t, a.SetText(&meta.Text{Type: kind, Ident: ident, Text: text}))
	}
	text(meta.TextPMID|meta.TextOneLine, uint32(load.PMID), "load average")
	text(meta.TextPMID|meta.TextHelp, uint32(load.PMID), "The \"load\",\nover some minutes")
	text(meta.TextPMID|meta.TextOneLine, uint32(uptime.PMID), "time since boot")
	text(meta.TextInDom|meta.TextOneLine, uint32(periods), "periods")
	label := func(level labelset.Level, ident uint32, inst pcp.InstID, text string) {
		set, err := labelset.Parse(text, level)
		require.NoError(t, err)
		require.NoError(t, a.SetLabels(&meta.Labels{Stamp: stamp(0), Level: level, Ident: ident, Sets: []labelset.Instance{{Inst: inst, Set: set}}}))
	}
	label(labelset.Context, meta.ContextIdent, pcp.InstNull, `{"hostname":"`+host+`"}`)
	label(labelset.Domain, 60, pcp.InstNull, `{"agent":"linux"}`)
	label(labelset.Cluster, uint32(load.PMID.ClusterID()), pcp.InstNull, `{"cluster":"c \"2\""}`)
	label(labelset.Item, uint32(load.PMID), pcp.InstNull, `{"item":1}`)
	label(labelset.InDom, uint32(periods), pcp.InstNull, `{"unit":"minute"}`)
	require.NoError(t, a.SetInDom(&meta.InDom{Stamp: stamp(0), ID: periods, Instances: []meta.Instance{{ID: 1, Name: "1 minute"}, {ID: 5, Name: "5 minute"}, {ID: 15, Name: "15 minute"}}}))
	label(labelset.Instances, uint32(periods), 5, `{"minutes":5}`)
	for sec := range n {
		require.NoError(t, a.Append(result(t, sec)))
	}
	require.NoError(t, a.Close())
}

func result(t testing.TB, sec int) *archive.Result {
	t.Helper()
	var loads []history.Value
	for _, id := range []pcp.InstID{1, 5, 15} {
		loads = append(loads, history.NumberValue(id, pcp.TypeFloat, 0x42486666+uint64(sec)<<16)) // 50.1 and more
	}
	array, err := history.EventValue(pcp.InstNull, pcp.TypeHighResEvent, []history.EventRecord{
		{Stamp: stamp(sec), Flags: history.EventPoint, Params: []history.EventParam{{PMID: release.PMID, Value: history.Value{Type: pcp.TypeString, Data: []byte("boot")}}}},
		{Stamp: stamp(sec), Flags: history.EventMissed, Missed: 3},
	})
	require.NoError(t, err)
	block := func(d meta.Desc, values ...history.Value) archive.ValueSet {
		return archive.ValueSet{PMID: d.PMID, Format: archive.Block, Values: values}
	}
	res := &archive.Result{Stamp: stamp(sec), Sets: []archive.ValueSet{
		block(load, loads...), block(uptime, history.NumberValue(pcp.InstNull, pcp.TypeU64, 1<<63+uint64(sec))),
		block(ratio, history.DoubleValue(pcp.InstNull, 0.1234567890123456)), block(events, array),
		block(blob, history.Value{Inst: pcp.InstNull, Type: pcp.TypeAggregate, Data: []byte{0, 1, 0xff}}),
	}}
	if sec == 0 {
		res.Sets = append(res.Sets, block(release, history.StringValue(pcp.InstNull, "6.1 \"Zürich\"\t")))
	}
	return res
}

// server answers from archives.
type server struct {
	*pmapi.API
	t     testing.TB
	cache *instant.Cache

	mu   sync.Mutex
	view exporter.View
	now  time.Time
}

func (s *server) Archives() (*exporter.View, func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	return &v, func() {}
}

func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *server) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

func serveDir(t testing.TB, dir string, o pmapi.Options) *server {
	t.Helper()
	h, err := store.Open([]string{dir}, nil)
	require.NoError(t, err)
	s := &server{
		t: t, cache: instant.NewCache(instant.Options{}), now: time.Unix(base+3600, 0),
		view: exporter.View{Sets: h.Sets(), Move: timeshift.None},
	}
	o.Source, o.Values, o.Now = s, s.cache, s.clock
	o.Exporter = exporter.New(exporter.Options{Source: s, Values: s.cache, Now: s.clock})
	s.API = pmapi.New(o)
	return s
}

func web1(t testing.TB) *server {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "web1"), "web1", 3)
	return serveDir(t, dir, pmapi.Options{})
}

// send returns the reply to a request. The path may have parameters.
func (s *server) send(method, path, body string) *httptest.ResponseRecorder {
	s.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(s.t.Context(), method, "/pmapi/"+path, strings.NewReader(body))
	s.ServeHTTP(w, r)
	return w
}

// get returns a reply without the number of its context, which must be a valid one.
func (s *server) get(path string) (status int, body string) {
	s.t.Helper()
	w := s.send(http.MethodGet, path, "")
	return w.Code, s.withoutContext(w.Body.String())
}

func (s *server) withoutContext(body string) string {
	s.t.Helper()
	require.True(s.t, json.Valid([]byte(body)), body)
	rest, ok := strings.CutPrefix(strings.TrimSuffix(body, "\r\n"), `{"context":`)
	if !ok {
		return strings.TrimSuffix(body, "\r\n")
	}
	if _, more, found := strings.Cut(rest, ","); found {
		return "{" + more
	}
	return "{}"
}

// open returns the number of a new context.
func (s *server) open(parameters string) string {
	s.t.Helper()
	w := s.send(http.MethodGet, "context?"+parameters, "")
	require.Equal(s.t, http.StatusOK, w.Code, w.Body.String())
	var reply struct{ Context json.Number }
	require.NoError(s.t, json.Unmarshal(w.Body.Bytes(), &reply))
	return reply.Context.String()
}

// any returns the reply to a request with any text in its parts.
func (s *server) any(t testing.TB, method, path, query, body string) (status int, reply string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "/pmapi/", strings.NewReader(body))
	r.URL.Path += path
	r.URL.RawQuery = query
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Header().Get("Content-Type") == "application/json" {
		require.True(t, json.Valid(w.Body.Bytes()), "%s", w.Body)
	}
	return w.Code, w.Body.String()
}
