package pmapi_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/instant"
	"github.com/pcparchive/pcparchive/serve/pmapi"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

const (
	loadLabels = `{"agent":"linux","cluster":"c \"2\"","hostname":"web1","item":1,"unit":"minute"}`
	loads      = `{"pmid":"60.2.0","name":"kernel.all.load","instances":[{"instance":1,"value":50.6},{"instance":5,"value":50.6},{"instance":15,"value":50.6}]}`
	domainOf   = `"indom":"60.2","labels":{"agent":"linux","hostname":"web1","unit":"minute"},"text-oneline":"periods","text-help":"periods","instances":[`
	first      = `{"instance":1,"name":"1 minute","labels":{"agent":"linux","hostname":"web1","unit":"minute"}}`
	second     = `{"instance":5,"name":"5 minute","labels":{"agent":"linux","hostname":"web1","minutes":5,"unit":"minute"}}`
	third      = `{"instance":15,"name":"15 minute","labels":{"agent":"linux","hostname":"web1","unit":"minute"}}`
)

// TestReplies is a table of requests and whole replies.
func TestReplies(t *testing.T) {
	s := web1(t)
	for path, want := range map[string]string{
		"context":             `{"source":"36b1ca30e66b9a1f2518d012b6d567a9bd2b54ee","hostspec":"web1","labels":{"hostname":"web1"}}`,
		"context?client=a%22": `{"client":"a\"","source":"36b1ca30e66b9a1f2518d012b6d567a9bd2b54ee","hostspec":"web1","labels":{"hostname":"web1"}}`,
		"_context":            `{}`,
		"metric?name=kernel.all.load": `{"metrics":[{"name":"kernel.all.load","series":"SHA","pmid":"60.2.0","indom":"60.2","type":"float","sem":"instant","units":"none","labels":` +
			loadLabels + `,"text-oneline":"load average","text-help":"The \"load\",\nover some minutes"}]}`,
		"metric?pmids=60.26.0,1.1.1": `{"metrics":[{"name":"kernel.all.uptime","series":"SHA","pmid":"60.26.0","type":"u64","sem":"counter","units":"sec","labels":{"agent":"linux","hostname":"web1"},` +
			`"text-oneline":"time since boot","text-help":"time since boot"},{"name":"1.1.1","message":"Unknown metric name","success":false}]}`,
		"metric?names=nosuch,n2":     `{"metrics":[{"name":"nosuch","message":"Unknown metric name","success":false},{"name":"n2","message":"Unknown metric name","success":false}]}`,
		"_metric?name=system":        `{"metrics":[{"name":"system.uptime","series":"SHA","pmid":251684864,"type":"u64","sem":"counter","units":"sec","labels":{"agent":"linux","hostname":"web1"},"text-oneline":"time since boot","text-help":"time since boot"}]}`,
		"fetch?name=kernel.all.load": `{"timestamp":1700000002.034928020,"values":[` + loads + `]}`,
		"fetch?names=nosuch,kernel.uname.release,kernel.all.uptime&client=7": `{"client":"7","timestamp":1700000002.034928020,"values":[` +
			`{"pmid":"60.12.0","name":"kernel.uname.release","instances":[{"instance":null,"value":"6.1 \"Zürich\"\t"}]},` +
			`{"pmid":"60.26.0","name":"kernel.all.uptime","instances":[{"instance":null,"value":9223372036854775810}]}]}`,
		"fetch?pmids=60.13.0,251671552": `{"timestamp":1700000002.034928020,"values":[{"pmid":"60.13.0","name":"test.ratio","instances":[{"instance":null,"value":0.1234567890123456}]},` +
			`{"pmid":"60.13.0","name":"test.ratio","instances":[{"instance":null,"value":0.1234567890123456}]}]}`,
		"fetch?pmid=0x0F003800": `{"timestamp":1700000002.034928020,"values":[{"pmid":"60.14.0","name":"test.blob","instances":[{"instance":null,"value":"AAH/"}]}]}`,
		"fetch?name=test.events": `{"timestamp":1700000002.034928020,"values":[{"pmid":"60.15.0","name":"test.events","instances":[{"instance":null,"value":[` +
			`{"timestamp":1700000002.034928020,"flags":1,"parameters":[{"pmid":"60.12.0","name":"kernel.uname.release","value":"boot"}]},` +
			`{"timestamp":1700000002.034928020,"flags":2147483648,"missed":3,"parameters":[]}]}]}]}`,
		"_fetch?names=kernel.all.uptime":               `{"timestamp":{"s":1700000002,"us":34928},"values":[{"pmid":251684864,"name":"kernel.all.uptime","instances":[{"instance":-1,"value":9223372036854775810}]}]}`,
		"fetch?names=nosuch":                           `{"timestamp":1700000002.034928020,"values":[]}`,
		"fetch?names=kernel":                           `{"timestamp":1700000002.034928020,"values":[]}`,
		"fetch?pmids=xx,9.9":                           `{"timestamp":1700000002.034928020,"values":[]}`,
		"fetch?name=kernel.all.load&time=1700000000.5": `{"timestamp":1700000000.034928020,"values":[` + strings.ReplaceAll(loads, "50.6", "50.1") + `]}`,
		"children":                                               `{"name":"","leaf":[],"nonleaf":["kernel","system","test"]}`,
		"children?prefix=kernel":                                 `{"name":"kernel","leaf":[],"nonleaf":["all","uname"]}`,
		"children?name=kernel.all":                               `{"name":"kernel.all","leaf":["load","uptime"],"nonleaf":[]}`,
		"children?prefix=kernel.all.load":                        `{"name":"kernel.all.load","leaf":[],"nonleaf":[]}`,
		"indom?name=kernel.all.load":                             `{` + domainOf + first + "," + second + "," + third + `]}`,
		"indom?indom=60.2&instance=5,1":                          `{` + domainOf + first + "," + second + `]}`,
		"indom?indom=251658242&iname=1*&match=glob":              `{` + domainOf + first + "," + third + `]}`,
		"indom?name=kernel.all.load&iname=%5E5,%5Ex&match=regex": `{` + domainOf + second + `]}`,
		"indom?name=kernel.all.load&iname=5%20minute,x":          `{` + domainOf + second + `]}`,
		"indom?indom=60.99":                                      `{"indom":"60.99","labels":{"agent":"linux","hostname":"web1"},"instances":[]}`,
		"_indom?indom=60.99":                                     `{"indom":251658339,"labels":{"agent":"linux","hostname":"web1"},"instances":[]}`,
		"profile?expr=add":                                       `{"success":true}`,
	} {
		status, body := s.get(path)
		assert.Equal(t, http.StatusOK, status, path)
		if i := strings.Index(body, `"series":"`); i > 0 {
			body = body[:i+10] + "SHA" + body[i+50:]
		}
		assert.Equal(t, want, body, path)
	}
}

// TestFailures is a table of requests and the messages that clients know.
func TestFailures(t *testing.T) {
	s := web1(t)
	for path, want := range map[string]string{
		"metric?name=nosuch":                   "nosuch traversal failed - Unknown metric name",
		"fetch":                                "bad parameters passed",
		"fetch?name=nosuch":                    "bad parameters passed",
		"fetch?pmid=4294967295":                "bad parameters passed",
		"fetch?names=":                         "Insufficient elements in list",
		"children?prefix=nosuch":               "child traversal failed - Unknown metric name",
		"children?prefix=kernel.":              "child traversal failed - Unknown metric name",
		"indom":                                "bad indom parameters",
		"indom?indom=xx":                       "failed to lookup indom xx",
		"indom?name=system.uptime":             "system.uptime - metric has null indom",
		"indom?name=nosuch":                    "nosuch - failed to lookup metric",
		"indom?indom=60.2&match=x":             "x - invalid 'match' parameter value",
		"indom?indom=60.2&instance=x":          "x - invalid instance",
		"indom?indom=60.2&iname=[&match=regex": "iname: error parsing regexp: missing closing ]: `[`",
		"profile":                              "invalid profile parameters",
		"profile?expr=foo":                     "foo - invalid 'expr' parameter value",
		"profile?expr=add&name=nosuch":         "nosuch - failed to lookup metric",
		"profile?expr=add&name=system.uptime":  "system.uptime - metric has null indom",
		"derive":                               "invalid derive parameters",
		"derive?name=a.f":                      "invalid derive parameters",
		"derive?expr=a.g":                      "failed to parse derived metric \"a.g\" on line 0 - incomplete expression\n",
		"store":                                "bad parameters passed",
		"store?name=test.ratio&value=1":        "failed to store value to metric test.ratio: No permission to perform requested operation",
		"store?pmid=60.13.0&value=1":           "failed to store value to metric 60.13.0: No permission to perform requested operation",
		"store?name=nosuch&value=1":            "nosuch - failed to lookup metric",
		"store?pmid=1.1.1&value=1":             "1.1.1 - failed to lookup PMID",
		"metrics?names=nosuch":                 "'nosuch' - Unknown metric name",
		"context?polltimeout=x":                "invalid timeout requested in polltime",
		"context?hostspec=web2":                "no archives of host web2: choose one of web1",
		"context?archive=/etc/passwd":          "no archive called /etc/passwd",
		"context?time=x":                       `time: "x": not a time`,
		"12345/fetch?name=test.ratio":          "unknown context identifier: 12345",
		"fetch?name=test.ratio&context=12345":  "unknown context identifier: 12345",
		"fetch?name=test.ratio&context=abc":    "invalid context identifier: abc",
	} {
		w := s.send(http.MethodGet, strings.ReplaceAll(path, "[", "%5B"), "")
		assert.Equal(t, http.StatusBadRequest, w.Code, path)
		body := s.withoutContext(w.Body.String())
		if strings.HasPrefix(want, "time:") {
			assert.Contains(t, body, `"message":"time: \"x\": not a time`)
			continue
		}
		quoted := strings.NewReplacer(`"`, `\"`, "\n", `\n`).Replace(want)
		assert.Equal(t, `{"message":"`+quoted+`","success":false}`, body, path)
	}
	for _, path := range []string{"", "nosuch", "labels", "1x/fetch", "/fetch", "1/2/fetch", "fetch/"} {
		status, body := s.get(path)
		assert.Equal(t, http.StatusNotFound, status, path)
		assert.Contains(t, body, `"success":false`)
	}
	assert.Equal(t, http.StatusMethodNotAllowed, s.send(http.MethodDelete, "fetch?name=test.ratio", "").Code)
	assert.Contains(t, s.send(http.MethodPost, "fetch", "names=test.ratio").Body.String(), "0.1234567890123456")
	assert.Equal(t, http.StatusBadRequest, s.send(http.MethodPost, "fetch", "%zz").Code)
	assert.Equal(t, http.StatusBadRequest, s.send(http.MethodPost, "fetch", strings.Repeat("x", 2<<20)).Code)
}

// TestContexts expire, are bounded, and keep their host, archive and instant.
func TestContexts(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "web1"), "web1", 3)
	write(t, filepath.Join(dir, "web2"), "web2", 2)
	s := serveDir(t, dir, pmapi.Options{MaxContexts: 3})
	status, body := s.get("context")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Contains(t, body, "no archives of host localhost: choose one of web1, web2")
	second, archived := s.open("hostspec=pcp://WEB2:44321"), s.open("archive=web2")
	for _, id := range []string{second, archived} {
		_, body = s.get(id + "/fetch?name=kernel.all.uptime")
		assert.Contains(t, body, `"timestamp":1700000001.034928020`)
	}
	then := s.open("hostspec=web1&time=1700000000.5&polltimeout=60")
	_, body = s.get("fetch?name=kernel.all.uptime&context=" + then)
	assert.Contains(t, body, `"timestamp":1700000000.034928020`)
	_, body = s.get("fetch?name=kernel.all.uptime&time=1700000001.5&context=" + then)
	assert.Contains(t, body, `"timestamp":1700000001.034928020`)
	s.view.Move = timeshift.Move{By: 100_000, Until: timeshift.Always}
	_, body = s.get("fetch?name=kernel.all.uptime&time=1700000101.5&context=" + then)
	assert.Contains(t, body, `"timestamp":1700000101.034928020`)

	s.pass(4 * time.Second)
	status, _ = s.get(second + "/children")
	assert.Equal(t, http.StatusOK, status)
	s.pass(4 * time.Second)
	status, body = s.get(archived + "/children")
	assert.Equal(t, http.StatusBadRequest, status)
	assert.Equal(t, `{"message":"unknown context identifier: `+archived+`","success":false}`, body)
	assert.Equal(t, 2, s.Contexts())
	for range 10 {
		s.open("hostspec=web1&polltimeout=1")
	}
	assert.Equal(t, 3, s.Contexts())
	status, _ = s.get(then + "/children")
	assert.Equal(t, http.StatusOK, status, "those that expire first make room")
	s.pass(time.Hour)
	assert.Zero(t, s.Contexts())
	s.view.Sets = s.view.Sets[:1]
	one := s.open("hostspec=web1")
	s.view.Sets = nil
	_, body = s.get(one + "/children")
	assert.Contains(t, body, "cannot use existing context: no archives of host web1 any more")
	_, body = s.get("context")
	assert.Contains(t, body, "no archives of host localhost: there are no archives")
}

// TestProfile restricts what a context fetches.
func TestProfile(t *testing.T) {
	s := web1(t)
	fetched := func(id string) string {
		_, body := s.get(id + "/fetch?name=kernel.all.load")
		var all []string
		for _, part := range strings.Split(body, `"instance":`)[1:] {
			n, _, _ := strings.Cut(part, ",")
			all = append(all, n)
		}
		return strings.Join(all, " ")
	}
	for _, steps := range [][2]string{
		{"expr=add&name=kernel.all.load&instance=5", "5"},
		{"expr=add&indom=60.2&iname=1%20minute", "1"},
		{"expr=del&name=kernel.all.load", ""},
		{"expr=del&name=kernel.all.load expr=add&name=kernel.all.load&iname=1*&match=glob", "1 15"},
		{"expr=del&name=kernel.all.load expr=add&name=kernel.all.load&instance=5 expr=del&name=kernel.all.load&instance=5", ""},
		{"expr=del&name=kernel.all.load&instance=5", "1 15"},
		{"expr=del&name=kernel.all.load&instance=5 expr=add&name=kernel.all.load&instance=5", "1 5 15"},
		{"expr=del", ""},
		{"expr=del expr=add&name=kernel.all.load", "1 5 15"},
		{"expr=del expr=add&name=kernel.all.load&instance=15", "15"},
		{"expr=del expr=add", "1 5 15"},
		{"expr=add&name=kernel.all.load&iname=none", ""},
	} {
		id := s.open("")
		for step := range strings.FieldsSeq(steps[0]) {
			status, body := s.get(id + "/profile?" + step)
			require.Equal(t, http.StatusOK, status, body)
		}
		assert.Equal(t, steps[1], fetched(id), steps[0])
	}
}

// TestBatch counts readings: one for a batch, none for an equal request.
func TestBatch(t *testing.T) {
	s := web1(t)
	id := s.open("")
	for range 2 {
		s.get(id + "/fetch?names=kernel.all.load,kernel.all.uptime,kernel.uname.release")
	}
	assert.Equal(t, instant.Counts{Readings: 1, Hits: 1}, s.cache.Counts())
}

// TestScrape has the page of a context, with "# PCP5" lines.
func TestScrape(t *testing.T) {
	s := web1(t)
	w := s.send(http.MethodGet, s.open("time=1700000000.5")+"/metrics?names=kernel.all&times=true", "")
	assert.Equal(t, http.StatusOK, w.Code)
	assert.Contains(t, w.Body.String(), "# PCP5 kernel.all.load 60.2.0 float 60.2 instant none\n# HELP kernel_all_load The \"load\",\\nover some minutes\n# TYPE kernel_all_load gauge\n"+
		`kernel_all_load{agent="linux",cluster="c \"2\"",hostname="web1",instid="1",instname="1 minute",item="1",unit="minute"} 50.099998474121094 1700000000034`+"\n")
}

// FuzzRequests has no path, parameters or body that make the interface fail.
func FuzzRequests(f *testing.F) {
	dir := f.TempDir()
	write(f, filepath.Join(dir, "web1"), "web1", 2)
	s := serveDir(f, dir, pmapi.Options{MaxContexts: 50})
	for _, seed := range [][3]string{
		{"fetch", "names=kernel.all.load,x&time=1700000000", ""}, {"1/metric", "pmids=1.2.3,0x10", ""}, {"_indom", "indom=60.2&iname=a*&match=glob", ""},
		{"profile", "expr=add&indom=60.2&instance=1,-5", ""}, {"derive", "name=a", "b = c\n"}, {"context", "polltimeout=1e9&hostspec=web1&archive=web1", ""},
		{"metrics", "names=kernel&filter=*", ""}, {"store", "pmid=1", "5"}, {"children", "prefix=..", ""}, {"metric", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, path, query, body string) {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			status, reply := s.any(t, method, path, query, body)
			if status >= http.StatusInternalServerError {
				t.Errorf("%s %q?%q: status %d: %s", method, path, query, status, reply)
			}
		}
	})
}
