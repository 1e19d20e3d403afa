package receive

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// TestRefusals lists requests that must not be accepted, and what clients get.
func TestRefusals(t *testing.T) {
	p := random(t, "web1", 5, pcp.V2)
	data := p.files["volume/0/"]
	first := int(binary.BigEndian.Uint32(data))
	second := first + int(binary.BigEndian.Uint32(data[first:]))
	entry := int(archive.IndexEntrySize(pcp.V2))
	for name, test := range map[string]struct {
		before []byte // accepted part of volume 0
		path   string // NUMBER stands for the archive
		body   []byte
		status int
		reason string
	}{
		"unknown number":         {nil, "meta/1", p.files["meta/"], 410, "there is no archive 1"},
		"number zero":            {nil, "meta/0", p.files["meta/"], 400, "want a number from 1 to"},
		"number that overflows":  {nil, "meta/99999999999999999999", p.files["meta/"], 400, "want a number"},
		"signed number":          {nil, "meta/+1", p.files["meta/"], 400, "want a number"},
		"no number":              {nil, "meta/", p.files["meta/"], 404, "no such path"},
		"unknown path":           {nil, "other/NUMBER", data, 404, "no such path"},
		"volume beyond":          {nil, "volume/5000/NUMBER", data, 400, "from 0 to 4999"},
		"negative volume":        {nil, "volume/-1/NUMBER", data, 400, "from 0 to 4999"},
		"empty part":             {nil, "volume/0/NUMBER", nil, 400, "empty"},
		"oversized part":         {nil, "volume/0/NUMBER", make([]byte, MaxPart+1), 400, "too long"},
		"part from the middle":   {nil, "volume/0/NUMBER", data[first+1:], 400, "record at offset 132"},
		"second half first":      {nil, "volume/0/NUMBER", data[first/2:], 409, "record at offset 132"},
		"the same part again":    {data[:first], "volume/0/NUMBER", data[:first], 409, "received just before"},
		"an earlier record":      {data[first:second], "volume/0/NUMBER", data[:first], 409, "earlier than the last record"},
		"a gap":                  {data[:first], "volume/0/NUMBER?offset=100000", data[first:second], 409, "out of order"},
		"negative offset":        {data[:first], "volume/0/NUMBER?offset=-1", data[first:second], 400, "offset"},
		"other bytes":            {data[:second], "volume/0/NUMBER?offset=133", data[first:second], 409, "differ at offset"},
		"over the label":         {data[:second], "volume/0/NUMBER?offset=0", data[:second], 409, "differ at offset"},
		"next volume in between": {data[:first+1], "volume/1/NUMBER", data[first:], 409, "ends inside a record"},
		"metadata as data":       {nil, "volume/0/NUMBER", p.files["meta/"], 400, "cannot be accepted"},
		"data as metadata":       {nil, "meta/NUMBER", data, 400, "cannot be accepted"},
		"data as index":          {nil, "index/NUMBER", data[:entry], 400, "cannot be accepted"},
		"index back in time":     {nil, "index/NUMBER", append(bytes.Clone(p.files["index/"][entry:]), p.files["index/"][:entry]...), 409, "earlier"},
		"a microsecond back":     {nil, "index/NUMBER", append(bytes.Clone(p.files["index/"][:entry]), slipped(p.files["index/"][:entry])...), 200, ""},
		"garbage":                {nil, "meta/NUMBER", []byte("GET / HTTP/1.0\r\n"), 400, "its length is"},
		"record too long":        {nil, "volume/0/NUMBER", []byte{0x7f, 0xff, 0xff, 0xff}, 400, "its length is 2147483647"},
		"polltimeout":            {nil, "label?polltimeout=never", p.label, 400, "want a number of seconds"},
		"finish too early":       {data[:first+5], "finish/NUMBER", []byte("-"), 409, "ends inside a record"},
	} {
		t.Run(name, func(t *testing.T) {
			_, url := opened(t, t.TempDir(), Options{})
			number := p.begin(t, url)
			if test.before != nil {
				status, reply := post(t, fmt.Sprint(url, PathVolume, "0/", number), test.before)
				require.Equal(t, 200, status, reply.Message)
			}
			status, reply := post(t, url+Root+strings.ReplaceAll(test.path, "NUMBER", fmt.Sprint(number)), test.body)
			assert.Equal(t, test.status, status, reply.Message)
			assert.Contains(t, reply.Message, test.reason)
			// The refusal changed nothing: the rest still arrives.
			resp, err := http.Get(fmt.Sprint(url, PathStatus, number))
			require.NoError(t, err)
			_, sizes := answered(t, resp)
			assert.EqualValues(t, 132, sizes.Meta)
			if test.before != nil {
				assert.EqualValues(t, 132+len(test.before), sizes.Volumes["0"])
			}
		})
	}
}

// slipped returns an index entry of version 2 with a time a microsecond earlier.
func slipped(entry []byte) []byte {
	entry = bytes.Clone(entry)
	binary.BigEndian.PutUint32(entry[4:], binary.BigEndian.Uint32(entry[4:])-1)
	return entry
}

// TestRefusedRequests lists requests that are wrong for another reason than their part.
func TestRefusedRequests(t *testing.T) {
	_, url := opened(t, t.TempDir(), Options{})
	p := random(t, "web1", 6, pcp.V3)
	for name, test := range map[string]struct {
		method, kind, encoding, origin string
		status                         int
	}{
		"GET":           {"GET", PartType, "", "", 405},
		"PUT":           {"PUT", PartType, "", "", 405},
		"JSON":          {"POST", "application/json", "", "", 400},
		"form":          {"POST", "multipart/form-data; boundary=x", "", "", 400},
		"no type":       {"POST", "", "", "", 200},
		"curl's type":   {"POST", "application/x-www-form-urlencoded", "", "", 200},
		"compressed":    {"POST", PartType, "gzip", "", 400},
		"page of other": {"POST", PartType, "", "cross-site", 403},
	} {
		req, err := http.NewRequest(test.method, url+PathLabel, bytes.NewReader(p.label))
		require.NoError(t, err)
		for key, value := range map[string]string{"Content-Type": test.kind, "Content-Encoding": test.encoding, "Sec-Fetch-Site": test.origin} {
			if value != "" {
				req.Header.Set(key, value)
			}
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, test.status, resp.StatusCode, name)
	}
}

// TestHosts lists names of hosts that would leave the folder, or that are no names.
func TestHosts(t *testing.T) {
	dir := t.TempDir()
	_, url := opened(t, dir, Options{})
	p := random(t, "web1", 7, pcp.V3)
	long := strings.Repeat("a", 255)
	for host, want := range map[string]int{
		"web1": 200, "WEB-1.example_x.com": 200, long: 200, "::1": 422, "fe80::1%eth0": 422,
		"": 422, ".": 422, "..": 422, "../x": 422, "../../../../tmp/pwned": 422, "a/../../b": 422, "/etc": 422, "/": 422, `a\b`: 422, `C:\x`: 422,
		".hidden": 422, ".receiving": 422, ".pcparchive-x.done": 422, "-rf": 422, "a b": 422, "a\nb": 422, "ä": 422, "\xff": 422, "a*": 422, "a;b": 422, "$(id)": 422,
		"con": 422, "NUL": 422, "com1": 422, "lpt9.example.com": 422, "aux.txt": 422, "end.": 422, "console": 200, "com": 200, "com10": 200,
	} {
		raw := bytes.Clone(p.label)
		field := raw[36 : 36+256] // of version 3
		clear(field)
		copy(field, host)
		status, reply := post(t, url+PathLabel, raw)
		assert.Equal(t, want, status, "%q: %s", host, reply.Message)
		if want != 200 {
			assert.Contains(t, reply.Message, "host name")
		}
	}
	parent, err := os.ReadDir(filepath.Dir(dir))
	require.NoError(t, err)
	for _, e := range parent {
		assert.NotEqual(t, "x", e.Name())
		assert.NotEqual(t, "b", e.Name())
	}
	outside := t.TempDir()
	require.NoError(t, os.Symlink(outside, filepath.Join(dir, "linked")))
	clear(p.label[36 : 36+256])
	copy(p.label[36:], "linked")
	status, _ := post(t, url+PathLabel, p.label)
	assert.Equal(t, 422, status)
	assert.Empty(t, left(t, outside))
}

// TestLabels lists labels that are wrong.
func TestLabels(t *testing.T) {
	_, url := opened(t, t.TempDir(), Options{})
	p := random(t, "web1", 8, pcp.V3)
	change := func(at int, value uint32) []byte {
		raw := bytes.Clone(p.label)
		binary.BigEndian.PutUint32(raw[at:], value)
		return raw
	}
	for name, raw := range map[string][]byte{
		"short": p.label[:7], "cut": p.label[:500], "long": append(bytes.Clone(p.label), 0),
		"first length": change(0, 132), "last length": change(len(p.label)-4, 132), "magic": change(4, 0x12345603), "version": change(4, 0x50052609),
		"start before 1970": change(16, 0xffffffff), "nanoseconds": change(20, 0x7fffffff), "version 2 as 3": change(4, 0x50052602),
	} {
		status, reply := post(t, url+PathLabel, raw)
		assert.Equal(t, 422, status, "%s: %s", name, reply.Message)
	}
}

// TestLimits reaches each limit.
func TestLimits(t *testing.T) {
	p, q := random(t, "web1", 15, pcp.V3), random(t, "web2", 16, pcp.V3)
	_, url := opened(t, t.TempDir(), Options{MaxOpen: 1, MaxArchive: 5000})
	number := p.begin(t, url)
	status, reply := post(t, url+PathLabel, q.label)
	assert.Equal(t, 503, status)
	assert.Contains(t, reply.Message, "at a time is reached: 1")
	assert.Equal(t, number, p.begin(t, url), "a client may still continue")
	status, reply = post(t, fmt.Sprint(url, PathMeta, number), bytes.Repeat(p.files["meta/"], 10))
	assert.Equal(t, 507, status, reply.Message)
}

// TestPace makes clients wait, and refuses those that would wait too long.
func TestPace(t *testing.T) {
	p := pace{rate.NewLimiter(1000, 100)}
	began := time.Now()
	for range 3 {
		require.NoError(t, p.wait(t.Context(), 50))
	}
	assert.GreaterOrEqual(t, time.Since(began), 40*time.Millisecond)
	p = pace{rate.NewLimiter(1, 100)}
	require.NoError(t, p.wait(t.Context(), 100))
	var refusal *Refusal
	require.ErrorAs(t, p.wait(t.Context(), 100), &refusal)
	assert.Equal(t, http.StatusTooManyRequests, refusal.Status)
	assert.Greater(t, refusal.RetryAfter, time.Minute)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	assert.ErrorIs(t, p.wait(ended, 10), context.Canceled)
}
