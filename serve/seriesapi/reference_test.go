package seriesapi_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/serve/seriesapi"
)

// startReference starts a key server that pmseries has filled from an archive, and pmproxy,
// and returns pmproxy's address.
func startReference(t *testing.T, base string) string {
	return oracle.Pmproxy(t, "-r", oracle.KeyServer(t, base), "-t")
}

// ofReference has a request and how its reply may differ from ours.
type ofReference struct {
	target string
	// shape says that only the shape is the same, not the values.
	shape bool
}

// requestTable are requests to pmproxy 6.0.3. disk.all.read, disk.dev.read, kernel.all.load,
// sda and the host of the archive proc are spelt by their IDs.
var requestTable = []ofReference{
	{"/series/ping", false},
	{"/series/ping?client=a%22b", false},
	{"/series/query?expr=disk.all.read*", false},
	{"/series/query?expr=disk.all.read*&client=qa", false},
	{"/series/query?expr=nosuch.metric", false},
	{"/series/query?expr=rate(disk.all.read)", false},
	{"/series/query?expr=kernel.all.load{hostname==\"bozo-laptop\"}", false},
	{"/series/query?expr=disk.dev.read[samples:2]", false},
	{"/series/query?expr=disk.all.read[start:\"1317633022\",finish:\"1317633024\"]", false},
	{"/series/query?expr=sum_sample(disk.dev.read[count:2])", true}, // pmproxy sends an empty instance
	{"/series/query?expr=disk.all.read[", true},
	{"/series/query?expr=(disk.all.re", true},
	{"/series/values?series=DISKS", false},
	{"/series/values?series=DISKS&samples=2&client=x", false},
	{"/series/values?series=ALL&start=1317633022&finish=1317633024", false},
	{"/series/values?series=ALL&count=3", false},
	{"/series/values?series=ALL,DISKS&samples=1", false},
	{"/series/values?series=SDA", false},
	{"/series/values?series=ALL&samples=x", true},
	{"/series/descs?series=ALL", false},
	{"/series/descs?series=ALL,DISKS&client=qa", false},
	{"/series/descs?series=SDA", false},
	{"/series/descs?series=bad", false},
	{"/series/metrics?series=ALL,DISKS", false},
	{"/series/metrics?match=kernel.all.n*", false},
	{"/series/metrics", true}, // pmseries does not load proc.*
	{"/series/metrics?series=SDA", false},
	{"/series/labels?series=ALL", false},
	{"/series/labels?series=SDA", false},
	{"/series/labels", false},
	{"/series/labels?match=host*", false},
	{"/series/labels?names=hostname", false},
	{"/series/labels?name=nosuch", false},
	{"/series/instances?series=DISKS", false},
	{"/series/instances?series=LOAD", false},
	{"/series/instances?series=ALL", false},
	{"/series/instances?match=sd*", false},
	{"/series/sources?source=HOST", false},
	{"/series/sources?match=*", false},
}

// TestRequestsOfReference compares replies with those of a live pmproxy.
func TestRequestsOfReference(t *testing.T) {
	base := filepath.Join(oracle.Corpus(t), "archives", "proc")
	address := startReference(t, base)
	api := seriesapi.New(seriesapi.Options{Source: sourceOf(t, base)})
	ids := strings.NewReplacer("ALL", "1440b8b8bfe69465340eb934e9086ae8212f3cff", "DISKS", "605fc77742cd0317597291329561ac4e50c0dd12",
		"LOAD", "fecd5a4b4c6e1273eaa001287a6dd57b7bbd19f7", "SDA", "c3795d8b757506a2901c6b08b489ba56cae7f0d4", "HOST", "2cd6a38f9339f2dd1f0b4775bda89a9e7244def6")
	// pmproxy sends a second reply after some errors: each request has its own connection.
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	values := 0
	for _, c := range requestTable {
		path, query, _ := strings.Cut(ids.Replace(c.target), "?")
		var params []string
		for p := range strings.SplitSeq(query, "&") {
			name, value, _ := strings.Cut(p, "=")
			if decoded, err := url.QueryUnescape(value); err == nil {
				params = append(params, name+"="+url.QueryEscape(decoded))
			}
		}
		target := path + "?" + strings.Join(params, "&")
		resp, err := client.Get(address + target)
		require.NoError(t, err, target)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		ours := do(api, http.MethodGet, target, "")
		assert.Equal(t, resp.StatusCode, ours.Code, c.target)
		want, got := decoded(t, string(body)), decoded(t, ours.Body.String())
		if c.shape {
			assert.Equal(t, shapeOf(want), shapeOf(got), c.target)
			continue
		}
		values++
		assert.Equal(t, sorted(want), sorted(got), c.target)
	}
	t.Logf("%d requests, %d of them with equal values", len(requestTable), values)
}

// shapeOf returns the names and types of a reply. A list has the shape of its first element,
// an object lacks an empty instance.
func shapeOf(v any) string {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return "[]"
		}
		return "[" + shapeOf(v[0]) + "]"
	case map[string]any:
		var members []string
		for name, x := range v {
			if name != "instance" || x != "" {
				members = append(members, name+":"+shapeOf(x))
			}
		}
		slices.Sort(members)
		return "{" + strings.Join(members, " ") + "}"
	}
	return fmt.Sprintf("%T", v)
}

// sorted returns a reply whose lists are sorted: pmproxy answers in the order of a hash. A
// value becomes a number, so that digits do not matter.
func sorted(v any) any {
	switch v := v.(type) {
	case []any:
		all := make([]string, len(v))
		for i, x := range v {
			all[i] = fmt.Sprint(sorted(x))
		}
		slices.Sort(all)
		return all
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			out[name] = sorted(x)
		}
		return out
	}
	return v
}
