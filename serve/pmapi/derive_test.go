package pmapi_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/serve/pmapi"
)

// TestDerive defines metrics in a context.
func TestDerive(t *testing.T) {
	s := web1(t)
	id := s.open("")
	do := func(method, path, body string) string {
		return s.withoutContext(s.send(method, id+"/"+path, body).Body.String())
	}
	ok := `{"success":true}`
	assert.Equal(t, ok, do(http.MethodGet, "derive?name=my.load&expr=kernel.all.load*10", ""))
	assert.Equal(t, ok, do(http.MethodPost, "derive", "# two\nmy.rate = rate(kernel.all.uptime)\n\nmy.late = no.such + 1\n"))
	assert.Equal(t, `{"timestamp":1700000002.034928020,"values":[{"pmid":"511.2047.1023","name":"my.load","instances":[{"instance":1,"value":506},`+
		`{"instance":5,"value":506},{"instance":15,"value":506}]},{"pmid":"511.2047.1022","name":"my.rate","instances":[{"instance":null,"value":1}]}]}`,
		strings.ReplaceAll(do(http.MethodGet, "fetch?names=my.load,my.rate,my.late", ""), "505.99997", "506"))
	assert.Contains(t, do(http.MethodGet, "metric?name=my.load", ""), `"pmid":"511.2047.1023","indom":"60.2","type":"float","sem":"instant","units":"none","labels":{"hostname":"web1"},"text-oneline":"","text-help":""`)
	assert.Contains(t, do(http.MethodGet, "metric?name=my.late", ""), "my.late traversal failed - Unknown metric name")
	assert.Equal(t, `{"name":"my","leaf":["load","rate"],"nonleaf":[]}`, do(http.MethodGet, "children?prefix=my", ""))
	assert.Contains(t, do(http.MethodGet, "indom?name=my.load", ""), `"5 minute"`)
	for path, want := range map[string]string{
		"derive?name=my.load&expr=1":                                  `Error: pmAddDerivedMetric(\"my.load\", ...): returns -12409\nDuplicate per-context derived metric name\n`,
		"derive?name=x.y&expr=kernel.all.load*":                       `Syntax Error: pmAddDerivedMetric(\"x.y\", ...)\nkernel.all.load*\n               ^\nArithmetic expression expected to follow STAR\n`,
		"derive?name=x.y&expr=kernel.all.load%2Bkernel.uname.release": `Semantic Error: pmAddDerivedMetric(\"x.y\", ...)\nkernel.all.load+kernel.uname.release\n^\nNon-arithmetic type for right operand\n`,
	} {
		assert.Equal(t, `{"message":"`+want+`","success":false}`, do(http.MethodGet, path, ""), path)
	}
	other := s.open("")
	assert.Equal(t, http.StatusBadRequest, s.send(http.MethodGet, other+"/metric?name=my.load", "").Code, "derived metrics belong to a context")
}

// TestDeriveSlowly has the rate of a metric that is recorded every tenth second, among
// others that are recorded each second.
func TestDeriveSlowly(t *testing.T) {
	dir := t.TempDir()
	a, err := archive.Create(filepath.Join(dir, "slow"), archive.Header{Host: "slow", Zone: "UTC", PID: 1}, nil)
	require.NoError(t, err)
	fast := ratio
	require.NoError(t, a.Define(&fast))
	slow := uptime
	slow.Names = []string{"slow.count"}
	require.NoError(t, a.Define(&slow))
	for sec := range 35 {
		sets := []archive.ValueSet{{PMID: fast.PMID, Format: archive.Block, Values: []history.Value{history.DoubleValue(pcp.InstNull, float64(sec))}}}
		if sec%10 == 0 {
			sets = []archive.ValueSet{{PMID: slow.PMID, Format: archive.Block, Values: []history.Value{history.NumberValue(pcp.InstNull, pcp.TypeU64, uint64(3*sec))}}}
		}
		require.NoError(t, a.Append(&archive.Result{Stamp: stamp(sec), Sets: sets}))
	}
	require.NoError(t, a.Close())
	s := serveDir(t, dir, pmapi.Options{})
	id := s.open("")
	status, body := s.get(id + "/derive?name=my.slow&expr=delta(slow.count)")
	require.Equal(t, http.StatusOK, status, body)
	s.get(id + "/derive?name=my.rate&expr=rate(slow.count)")
	s.get(id + "/derive?name=my.fast&expr=delta(test.ratio)")
	_, body = s.get(id + "/fetch?names=my.slow,my.rate,my.fast")
	var values []string
	for _, part := range strings.Split(body, `"value":`)[1:] {
		values = append(values, part[:strings.IndexByte(part, '}')])
	}
	assert.Equal(t, []string{"30", "3", "1"}, values, body)
}
