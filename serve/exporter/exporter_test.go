package exporter_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/serve/exporter"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// page is the page of the tests' archive.
const page = `# HELP disk_dev_read Reads of a disk,\nC:\\ included, "all"
# TYPE disk_dev_read counter
disk_dev_read{agent="linux",cluster="7",device_type="block",hostname="web1",instname="sda",item="true",site_room="Zürich \"A\"\\1\nB",wwn="x1"} 120
disk_dev_read{agent="linux",cluster="7",device_type="block",hostname="web1",instname="nvme \"0\"",item="true",site_room="Zürich \"A\"\\1\nB"} 9.007199254740992e+15
# TYPE hw_temp gauge
hw_temp{agent="linux",hostname="web1",site_room="Zürich \"A\"\\1\nB"} 50.099998474121094
# TYPE mem_physmem gauge
mem_physmem{agent="linux",hostname="web1",site_room="Zürich \"A\"\\1\nB"} 4096
`

func web1(t testing.TB) *server {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, record(t, dir, "web1").put(0).put(10).put(20).Close())
	return serveDir(t, dir, exporter.Options{})
}

// TestPage has labels of all levels, escaped and with valid names, help in one line, and no
// digit cut off.
func TestPage(t *testing.T) {
	s := web1(t)
	status, body, h := s.get("")
	assert.Equal(t, http.StatusOK, status)
	assert.Equal(t, page, body)
	assert.Equal(t, expo.Text.ContentType(), h.Get("Content-Type"))

	_, body, h = s.get("names=hw,mem&style=prometheus", "Accept: application/openmetrics-text; version=1.0.0")
	assert.Contains(t, h.Get("Content-Type"), "application/openmetrics-text")
	assert.Contains(t, body, "mem_physmem_bytes{")
	assert.True(t, strings.HasSuffix(body, "# EOF\n"))
	_, body, _ = s.get("names=disk&style=prometheus", "Accept: application/openmetrics-text; version=1.0.0")
	assert.Contains(t, body, "# TYPE disk_dev_read counter\ndisk_dev_read_total{")

	status, body, h = s.send(http.MethodHead, "")
	assert.Equal(t, http.StatusOK, status)
	assert.Empty(t, body)
	assert.Equal(t, "619", h.Get("Content-Length"))
	status, _, h = s.send(http.MethodDelete, "")
	assert.Equal(t, http.StatusMethodNotAllowed, status)
	assert.Equal(t, "GET, HEAD, POST, OPTIONS", h.Get("Allow"))
}

// families returns the names of the families on a page.
func families(body string) string {
	var all []string
	for line := range strings.Lines(body) {
		if f := strings.Fields(line); len(f) == 4 && f[1] == "TYPE" {
			all = append(all, f[2])
		}
	}
	return strings.Join(all, " ")
}

// TestSelection selects metrics and series.
func TestSelection(t *testing.T) {
	s := web1(t)
	for query, want := range map[string]string{
		"names=mem,hw.temp":                      "hw_temp mem_physmem",
		"name=disk.dev":                          "disk_dev_read",
		"prefix=hw":                              "hw_temp",
		"target=mem.alias":                       "mem_physmem",
		"names=nosuch,hw":                        "hw_temp",
		"names=hw,nosuch":                        "hw_temp",
		"filter=mem.*,hw.temp":                   "disk_dev_read",
		"filter=mem&match=exact":                 "disk_dev_read hw_temp mem_physmem",
		"filter=^m,p$&match=regex":               "disk_dev_read",
		"names=hw&filter=hw.*":                   "",
		`match[]={instname="sda"}`:               "disk_dev_read",
		`match[]=hw_temp&match[]=mem_physmem`:    "hw_temp mem_physmem",
		`match[]={__name__=~"hw.*",agent="xfs"}`: "",
		"names=uname":                            "",
		"names=uname&strings=info":               "uname_release_info",
		"host=web1":                              "disk_dev_read hw_temp mem_physmem",
		"hostspec=pcp://localhost:44321":         "disk_dev_read hw_temp mem_physmem",
	} {
		status, body, _ := s.get(strings.ReplaceAll(query, "^", "%5E"))
		assert.Equal(t, http.StatusOK, status, query)
		assert.Equal(t, want, families(body), query)
	}
	for query, want := range map[string]string{
		"names=nosuch":         `'nosuch' - Unknown metric name`,
		"match=foo":            `foo - invalid 'match' parameter value`,
		"filter=(&match=regex": "filter: error parsing regexp: missing closing ): `(`",
		"match[]={":            `match[]: 1:2: parse error: unexpected end of input inside braces`,
		"host=web2":            `no archives of host web2: choose one of web1`,
		"time=x":               `time: "x": not a time`,
		"style=x":              `style: `,
	} {
		status, body, h := s.get(query)
		assert.Equal(t, http.StatusBadRequest, status, query)
		assert.Equal(t, "application/json", h.Get("Content-Type"))
		var reply struct {
			Message string
			Success *bool
		}
		require.NoError(t, json.Unmarshal([]byte(body), &reply), query)
		assert.Contains(t, reply.Message, want)
		assert.False(t, *reply.Success)
	}
}

// TestTimes has the times at which values were recorded, and moves them.
func TestTimes(t *testing.T) {
	s := web1(t)
	_, body, _ := s.get("times=true")
	assert.Contains(t, body, `instname="sda",item="true",site_room="Zürich \"A\"\\1\nB",wwn="x1"} 120 1772366420250`)
	assert.Contains(t, body, "mem_physmem{agent=\"linux\",hostname=\"web1\",site_room=\"Zürich \\\"A\\\"\\\\1\\nB\"} 4096 1772366400250\n")
	for text, want := range map[string]string{
		"2026-03-01T12:00:15Z": "110", "1772366415.5": "110", "1772366400.1": "", "2030-01-01": "120", "start%2B5sec": "100",
	} {
		_, body, _ := s.get("names=disk&times=true&time=" + text)
		if want == "" {
			assert.Empty(t, body, text)
			continue
		}
		assert.Contains(t, body, `wwn="x1"} `+want+" ", text)
	}
	s.view.Move = timeshift.Move{By: 3600_000, Until: start.UnixMilli() + 15_000}
	_, body, _ = s.get("names=disk&times=true")
	assert.Contains(t, body, `wwn="x1"} 110 1772370010250`, "a replay shows what has appeared")
	_, body, _ = s.get("names=disk&times=true&time=2026-03-01T13:00:05Z")
	assert.Contains(t, body, `wwn="x1"} 100 1772370000250`)
}

// TestKeptPage counts readings and pages: one reading for all metrics, none for an equal
// request, and one for many at once.
func TestKeptPage(t *testing.T) {
	dir := t.TempDir()
	r := record(t, dir, "web1").put(0)
	s := serveDir(t, dir, exporter.Options{})
	_, first, _ := s.get("")
	assert.Equal(t, instant.Counts{Readings: 1}, s.cache.Counts())
	_, again, _ := s.get("")
	assert.Equal(t, first, again)
	assert.Equal(t, exporter.Counts{Made: 1, Kept: 1}, s.Counts())
	assert.Equal(t, instant.Counts{Readings: 1, Hits: 1}, s.cache.Counts())

	r.put(10)
	s.refresh()
	var wg sync.WaitGroup
	bodies := make([]string, 50)
	for i := range bodies {
		wg.Go(func() { _, bodies[i], _ = s.get("") })
	}
	wg.Wait()
	for _, body := range bodies {
		assert.Equal(t, strings.Replace(first, "} 100\n", "} 110\n", 1), body)
	}
	assert.Equal(t, exporter.Counts{Made: 2, Kept: 50}, s.Counts())
	assert.Equal(t, int64(2), s.cache.Counts().Readings)

	_, body, _ := s.get("names=disk")
	assert.Contains(t, body, "} 110\n")
	assert.Equal(t, int64(2), s.cache.Counts().Readings, "the values are known")
	require.NoError(t, r.Close())
}

// TestSeveralHosts has the series of all hosts, which hostname tells apart.
func TestSeveralHosts(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, record(t, dir, "web1").put(0).Close())
	require.NoError(t, record(t, dir, "web2").put(0).put(10).Close())
	s := serveDir(t, dir, exporter.Options{MaxValues: 7})
	_, body, _ := s.get("names=mem,disk")
	assert.Equal(t, 2, strings.Count(body, "mem_physmem{"))
	assert.Equal(t, 1, strings.Count(body, "# TYPE mem_physmem"))
	assert.Contains(t, body, `hostname="web2",instname="sda"`)
	_, one, _ := s.get("names=mem&host=web2")
	assert.Equal(t, 1, strings.Count(one, "mem_physmem{"))
	_, both, _ := s.get("names=mem&host=web2,web1")
	assert.Equal(t, 2, strings.Count(both, "mem_physmem{"))
	status, body, _ := s.get("")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, body, "more than 7 values: choose hosts by host= or metrics by names=")
	status, body, _ = s.get("hostspec=localhost")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, body, "web1, web2")
}

// FuzzParameters has no parameters that make the exporter fail.
func FuzzParameters(f *testing.F) {
	dir := f.TempDir()
	require.NoError(f, record(f, dir, "web1").put(0).Close())
	s := serveDir(f, dir, exporter.Options{})
	for _, query := range []string{
		"", "names=mem,hw&filter=a*,[b&match=glob", "match[]={a=~\".*\"}&times=true&time=2026-03-01T12:00:15Z", "host=web1&pcp5=true&style=utf8",
		"hostspec=pcp://u@localhost:44321?x=1&time=now-5min&match=regex&filter=(", "time=1e300", "time=-1", "strings=info&instid=true&optional-labels=true",
	} {
		f.Add(query, "application/json;q=0.5,text/*;q=0.1")
	}
	f.Fuzz(func(t *testing.T, query, accept string) {
		w := newRequest(t, s, query, accept)
		switch w.Code {
		case http.StatusOK:
		case http.StatusBadRequest:
			assert.True(t, json.Valid(w.Body.Bytes()), w.Body.String())
		default:
			t.Errorf("%q: status %d: %s", query, w.Code, w.Body)
		}
	})
}
