package promapi

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/internal/sinktest"
	"github.com/pcparchive/pcparchive/internal/storetest"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/store"
)

// start is the time of the first record. Records follow every 10 seconds for
// recordings times 10 seconds.
const (
	start      = 1772366400 // 2026-03-01 12:00:00 UTC
	recordings = 180
	finish     = start + 10*(recordings-1)
)

// recordHost writes an archive of a host: native metrics, a scraped counter, a scraped
// histogram, and a label name that is valid in UTF-8 alone.
func recordHost(t testing.TB, base, host string) {
	t.Helper()
	recordHostFrom(t, base, host, start)
}

// recordHostFrom writes the archive with its first record at another time.
func recordHostFrom(t testing.TB, base, host string, first int64) {
	t.Helper()
	a, err := archive.Create(base, archive.Header{Host: host, Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	m, err := mapper.New(mapper.Options{Host: host})
	require.NoError(t, err)
	src, err := m.Source(mapper.Target{Name: "web", Job: "web", Instance: "web:1"})
	require.NoError(t, err)
	sink := convert.NewToArchive(a)
	for i := range recordings {
		stamp := pcp.TimestampMilli((first + 10*int64(i)) * 1000)
		recordNative(t, a, stamp, i)
		recordScrape(t, src, stamp.Add(time.Second), i)
		require.NoError(t, sink.Put(src.Step()))
	}
	require.NoError(t, a.Close())
}

var (
	loadDomain = pcp.NewInDomID(60, 2)
	loadDesc   = &meta.Desc{PMID: pcp.NewPMID(60, 2, 0), Type: pcp.TypeDouble, InDom: loadDomain, Sem: pcp.SemInstant, Names: []string{"kernel.all.load"}}
	readDesc   = &meta.Desc{PMID: pcp.NewPMID(60, 0, 24), Type: pcp.TypeU64, InDom: pcp.InDomNull, Sem: pcp.SemCounter, Names: []string{"disk.all.read"}, Units: pcp.Units{DimCount: 1}}
	ncpuDesc   = &meta.Desc{PMID: pcp.NewPMID(60, 0, 32), Type: pcp.TypeU32, InDom: pcp.InDomNull, Sem: pcp.SemDiscrete, Names: []string{"hinv.ncpu"}}
)

// recordNative writes a record of PCP's own metrics. The discrete one is in the first
// record alone.
func recordNative(t testing.TB, a *archive.Appender, stamp pcp.Timestamp, i int) {
	t.Helper()
	for _, d := range []*meta.Desc{loadDesc, readDesc, ncpuDesc} {
		require.NoError(t, a.Define(d))
	}
	in := &meta.InDom{Stamp: stamp, ID: loadDomain}
	load := archive.ValueSet{PMID: loadDesc.PMID, Format: archive.Block}
	for n, minutes := range []int{1, 5, 15} {
		in.Instances = append(in.Instances, meta.Instance{ID: pcp.InstID(minutes), Name: fmt.Sprint(minutes, " minute")})
		load.Values = append(load.Values, history.DoubleValue(pcp.InstID(minutes), math.Sin(float64(i)/10)*float64(n+1)))
	}
	if i == 0 {
		require.NoError(t, a.SetInDom(in))
		require.NoError(t, a.SetText(&meta.Text{Type: meta.TextPMID | meta.TextOneLine, Ident: uint32(loadDesc.PMID), Text: "load averages"}))
	}
	res := &archive.Result{Stamp: stamp, Sets: []archive.ValueSet{load}}
	res.Sets = append(res.Sets, archive.ValueSet{PMID: readDesc.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, uint64(i*50))}})
	if i == 0 {
		res.Sets = append(res.Sets, archive.ValueSet{PMID: ncpuDesc.PMID, Format: archive.InSitu, Values: []history.Value{history.WordValue(pcp.InstNull, 4)}})
	}
	require.NoError(t, a.Append(res))
}

// recordScrape fills a source with a scraped page.
func recordScrape(t testing.TB, src *mapper.Source, stamp pcp.Timestamp, i int) {
	t.Helper()
	src.Begin(stamp)
	set := func(v float64, sample string, f prom.Family, labels ...prom.Label) {
		s, err := src.Series(sample, labels, f)
		require.NoError(t, err)
		src.Set(s, v)
		if sample == "hits_total" && i%60 == 0 {
			src.SetExemplar(s, prom.Exemplar{Labels: []prom.Label{{Name: "trace_id", Value: fmt.Sprint("t", i)}}, Value: 0.5, Time: stamp.Milli() - 500, HasTime: i > 0})
		}
	}
	hits := prom.Family{Name: "hits_total", Type: prom.TypeCounter, Help: "Requests."}
	for _, code := range []string{"200", "404", "500"} {
		set(float64(i*len(code)), "hits_total", hits, prom.Label{Name: "code", Value: code})
	}
	lat := prom.Family{Name: "lat_seconds", Type: prom.TypeHistogram, Help: "Latency.", Unit: "seconds"}
	for n, le := range []string{"0.1", "0.5", "1.0", "+Inf"} {
		set(float64(i*(n+1)), "lat_seconds_bucket", lat, prom.Label{Name: "le", Value: le})
	}
	set(float64(i)*0.7, "lat_seconds_sum", lat)
	set(float64(4*i), "lat_seconds_count", lat)
}

// openSets opens archives.
func openSets(t testing.TB, paths ...string) []*store.Set {
	t.Helper()
	return storetest.Sets(t, paths...)
}

// hostFolder is a folder with an archive of the host db1.
func hostFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	recordHost(t, filepath.Join(dir, "db1"), "db1")
	return dir
}

// viewOf returns a View of the archives of hosts.
func viewOf(sets []*store.Set, o query.Options) *View {
	return &View{Engine: query.NewEngine(sets, o)}
}

// viewOver returns a View of a storage without archives.
func viewOver(s storage.Queryable) *View {
	view := viewOf(nil, query.Options{})
	view.Engine = view.Engine.WithView(func(storage.Queryable) storage.Queryable { return s })
	return view
}

// newAPI returns an API over archives, at a time two seconds after their end.
func newAPI(t testing.TB, o Options, paths ...string) *API {
	t.Helper()
	if o.Source == nil {
		o.Source = viewOf(openSets(t, paths...), query.Options{})
	}
	o.Now = func() time.Time { return time.Unix(finish+2, 0) }
	return New(o)
}

// exportBlocks writes the archives of a host as blocks and returns their folder.
func exportBlocks(t testing.TB, set *store.Set) string {
	t.Helper()
	dir := t.TempDir()
	blocks, err := write.NewBlocks(dir, write.Options{})
	require.NoError(t, err)
	sink := flatten.New(blocks, flatten.Options{TargetLabels: true})
	require.NoError(t, convert.Copy(context.Background(), sink, convert.FromArchive(set, history.Query{})))
	require.NoError(t, sinktest.Finish(blocks))
	return dir
}

// debian starts Debian's Prometheus over the archives of a folder with one host.
func debian(t testing.TB, dir, config string) (base string) {
	t.Helper()
	sets := openSets(t, dir)
	require.Len(t, sets, 1)
	return "http://" + oracle.Prometheus(t, exportBlocks(t, sets[0]), config)
}

// answer is a reply of either server.
type answer struct {
	Code      int
	Status    string
	Data      any
	ErrorType string
	Error     string
	Warnings  []string
	Infos     []string
}

// ask sends a request: "POST path?query" sends the query as a form.
func ask(t testing.TB, base, line string) answer {
	t.Helper()
	resp, err := send(base, line)
	require.NoError(t, err, line)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err, line)
	a := answer{}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		require.NoError(t, json.Unmarshal(body, &a), "%s: %s", line, body)
	}
	a.Code = resp.StatusCode
	return a
}

func send(base, line string) (*http.Response, error) {
	if path, ok := strings.CutPrefix(line, "POST "); ok {
		path, form, _ := strings.Cut(path, "?")
		return http.Post(base+path, "application/x-www-form-urlencoded", strings.NewReader(form))
	}
	return http.Get(base + line)
}

// serving starts a server with an API's handler.
func serving(t testing.TB, a *API) (base string) {
	t.Helper()
	srv := httptest.NewServer(a.Handler())
	t.Cleanup(srv.Close)
	return srv.URL
}

// form encodes parameters, which alternate with their values.
func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}
