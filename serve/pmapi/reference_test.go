package pmapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/convert/expo"
	"github.com/pcparchive/pcparchive/internal/oracle"
	"github.com/pcparchive/pcparchive/serve/pmapi"
)

// ofReference is a request to pmproxy 6.0.3 and to us.
type ofReference struct {
	path string
	// shape says that values change with time.
	shape bool
}

// requestTable are requests of which the replies are equal, but for the order of names and
// instances, and for labels of the domain that pmproxy forgets in indom.
var requestTable = []ofReference{
	{"metric?name=kernel.all.load", false},
	{"metric?name=nosuch", false},
	{"metric?names=kernel.all.load,nosuch", false},
	{"metric?names=nosuch,hinv.ncpu", false},
	{"metric?names=nosuch,nosuch2", false},
	{"metric?names=hinv.ncpu,hinv.ncpu", false},
	{"metric?prefix=hinv.cpu", false},
	{"metric?name=kernel.uname", false},
	{"metric?name=hinv.physmem&client=a", false},
	{"_metric?names=kernel.all.load", false},
	{"fetch?name=kernel.all.load", true},
	{"fetch?names=hinv.ncpu,kernel.uname.release", false},
	{"fetch?names=nosuch", false},
	{"fetch?name=nosuch", false},
	{"fetch?names=kernel.uname", false},
	{"fetch?name=hinv", false},
	{"fetch?names=", false},
	{"fetch?name=hinv.ncpu,hinv.pagesize", false},
	{"fetch?names=nosuch,hinv.ncpu", false},
	{"fetch?name=hinv.cpu.model_name", false},
	{"fetch?name=hinv.cpu.clock", true},
	{"fetch?pmid=60.0.32", false},
	{"fetch?pmids=60.0.32,251659275", false},
	{"fetch?pmids=0x0f000020", false},
	{"fetch?pmids=xx", false},
	{"fetch?pmids=1.2.3", false},
	{"fetch?pmid=4294967295", false},
	{"fetch?name=hinv.ncpu&client=x", false},
	{"_fetch?names=hinv.ncpu", false},
	{"_fetch?names=kernel.all.load", true},
	{"children?prefix=kernel.all.cpu", false},
	{"children?name=hinv.cpu", false},
	{"children?prefix=kernel.all.load", false},
	{"children?prefix=nosuch", false},
	{"children?prefix=hinv.", false},
	{"children?prefix=kernel.uname&client=b", false},
	{"_children?prefix=hinv.cpu", false},
	{"indom?name=kernel.all.load", false},
	{"indom?indom=60.2", false},
	{"indom?indom=251658242", false},
	{"indom?indom=99.99", false},
	{"indom?indom=xx", false},
	{"indom?name=hinv.ncpu", false},
	{"indom?name=nosuch", false},
	{"indom?name=kernel.all.load&instance=5", false},
	{"indom?name=kernel.all.load&instance=1,5", false},
	{"indom?name=kernel.all.load&iname=1%20minute", false},
	{"indom?name=kernel.all.load&iname=1*&match=glob", false},
	{"indom?name=kernel.all.load&iname=%5E1&match=regex", false},
	{"indom?name=kernel.all.load&iname=x&match=foo", false},
	{"_indom?name=kernel.all.load", false},
	{"context", false},
	{"context?client=abc", false},
	{"context?polltimeout=x", false},
	{"context?hostname=localhost&polltimeout=2.5", false},
	{"_context", false},
	{"12345/metric?name=hinv.ncpu", false},
	{"metric?name=hinv.ncpu&context=12345", false},
	{"profile?expr=add", false},
	{"profile?expr=del", false},
	{"profile?expr=foo", false},
	{"profile?expr=del&name=kernel.all.load", false},
	{"profile?expr=add&indom=60.2&instance=5", false},
	{"profile?expr=add&name=hinv.ncpu", false},
	{"profile?expr=add&name=nosuch", false},
	{"profile?expr=add&name=kernel.all.load&instance=1&match=xx", false},
	{"derive?name=a.b&expr=hinv.ncpu*2", false},
	{"derive?name=a.c&expr=hinv.ncpu*", false},
	{"derive?name=a.d&expr=hinv.ncpu%2Bhinv.nosuch", false},
	{"derive?name=a.e&expr=hinv.ncpu%2Bkernel.uname.release", false},
	{"derive?name=a.f", false},
	{"derive?expr=a.g", false},
	{"store?name=hinv.ncpu&value=1", false},
	{"store?name=nosuch&value=1", false},
	{"store?pmid=60.0.32&value=3", false},
	{"store?pmid=1.2.3&value=3", false},
}

// startReference starts PCP's daemons on free ports, records the host for a moment, and
// returns pmproxy's address and the folder of the archive. It needs root, for the agents'
// folders.
func startReference(t *testing.T) (address, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("pmcd wants root")
	}
	work := t.TempDir()
	config := filepath.Join(work, "pmcd.conf")
	require.NoError(t, os.WriteFile(config, []byte("pmcd 2 dso pmcd_init /var/lib/pcp/pmdas/pmcd/pmda_pmcd.so\nlinux 60 pipe binary /var/lib/pcp/pmdas/linux/pmdalinux\n"), 0o644))
	daemon := oracle.Listening(t, func(port string) *exec.Cmd {
		cmd := oracle.Command(t, "pmcd", "-f", "-A", "-i", "127.0.0.1", "-p", port, "-c", config, "-l", filepath.Join(work, "pmcd.log"), "-U", "root")
		cmd.Dir = work
		return cmd
	})
	require.Eventually(t, func() bool {
		return exec.Command(oracle.Path(t, "pminfo"), "-h", "127.0.0.1:"+daemon, "-f", "hinv.ncpu").Run() == nil
	}, 2*time.Minute, 100*time.Millisecond, "pmcd has no values")
	t.Setenv("PMCD_PORT", daemon)
	address = oracle.Pmproxy(t) + "/pmapi/"
	rules := filepath.Join(work, "pmlogger.conf")
	require.NoError(t, os.WriteFile(rules, []byte("log mandatory on 1 sec { hinv kernel.all kernel.uname }\n"), 0o644))
	dir = filepath.Join(work, "archives")
	require.NoError(t, os.Mkdir(dir, 0o755))
	oracle.Run(t, "pmlogger", "-h", "127.0.0.1:"+daemon, "-V", "3", "-c", rules, "-s", "2", "-l", filepath.Join(work, "pmlogger.log"), filepath.Join(dir, "host"))
	return address, dir
}

// TestAgainstPmproxy sends the requests of the table to pmproxy over the live host, and to us
// over an archive of it.
func TestAgainstPmproxy(t *testing.T) {
	address, dir := startReference(t)
	s := serveDir(t, dir, pmapi.Options{})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	for _, q := range requestTable {
		res, err := client.Get(address + q.path)
		require.NoError(t, err, q.path)
		theirs, err := io.ReadAll(res.Body)
		require.NoError(t, err, q.path)
		require.NoError(t, res.Body.Close())
		ours := s.send(http.MethodGet, q.path, "")
		assert.Equal(t, res.StatusCode, ours.Code, q.path)
		assert.Equal(t, res.Header.Get("Content-Type"), ours.Header().Get("Content-Type"), q.path)
		assert.Equal(t, normal(t, theirs, q), normal(t, ours.Body.Bytes(), q), q.path)
	}
}

// normal returns a reply without what may differ, as text.
func normal(t *testing.T, body []byte, q ofReference) string {
	t.Helper()
	var reply any
	require.NoError(t, json.Unmarshal(body, &reply), "%s: %s", q.path, body)
	text, err := json.MarshalIndent(q.normalize("", reply), "", " ")
	require.NoError(t, err)
	return string(text)
}

func (q ofReference) normalize(name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = q.normalize(key, v[key])
		}
		if labels, ok := v["labels"].(map[string]any); ok && strings.Contains(q.path, "indom") {
			delete(labels, "agent")
		}
		return v
	case []any:
		for i := range v {
			v[i] = q.normalize(name, v[i])
		}
		switch name {
		case "leaf", "nonleaf": // the live host has more metrics than the archive
			return "names"
		case "instances", "metrics":
			slices.SortFunc(v, func(a, b any) int { return strings.Compare(sortKey(a), sortKey(b)) })
		}
		return v
	case float64:
		if name == "context" || name == "timestamp" || name == "us" || name == "s" || name == "value" && q.shape {
			return "number"
		}
	}
	return v
}

func sortKey(v any) string {
	m, _ := v.(map[string]any)
	text, _ := json.Marshal([]any{m["name"], m["instance"]})
	return string(text)
}

// TestPageAgainstPmproxy compares the page of metrics that do not change.
func TestPageAgainstPmproxy(t *testing.T) {
	address, dir := startReference(t)
	s := serveDir(t, dir, pmapi.Options{})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	const query = "metrics?names=hinv.ncpu,hinv.physmem,hinv.pagesize,hinv.cpu.cache,hinv.cpu.bogomips,hinv.map"
	res, err := client.Get(address + query)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	theirs, ours := samplesOf(t, body), samplesOf(t, s.send(http.MethodGet, query, "").Body.Bytes())
	require.NotEmpty(t, theirs)
	assert.Len(t, ours, len(theirs))
	for key, want := range theirs {
		got, ok := ours[key]
		require.True(t, ok, "%s is missing", key)
		assert.InDelta(t, want.Value, got.Value, 1e-7*max(1, want.Value), key) // pmproxy cuts floats
		for _, l := range want.Labels {
			assert.Contains(t, got.Labels, l, key)
		}
	}
}

// samplesOf returns the samples of a page by name and instance.
func samplesOf(t *testing.T, page []byte) map[string]expo.Entry {
	t.Helper()
	all := map[string]expo.Entry{}
	for e, err := range expo.Page(page, expo.Text.ContentType(), nil) {
		require.NoError(t, err)
		key := e.Name
		for _, l := range e.Labels {
			if l.Name == "instname" {
				key += " " + l.Value
			}
		}
		all[key] = e
	}
	return all
}
