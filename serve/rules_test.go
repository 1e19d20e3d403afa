package serve

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// alert is an alert of the API.
type alert struct {
	Labels   map[string]string
	State    string
	ActiveAt time.Time
}

// alerts returns the alerts that the API has.
func (r *running) alerts() []alert {
	r.t.Helper()
	var reply struct{ Data struct{ Alerts []alert } }
	status, body, _ := r.get("/api/v1/alerts")
	require.Equal(r.t, http.StatusOK, status)
	require.NoError(r.t, json.Unmarshal([]byte(body), &reply))
	return reply.Data.Alerts
}

// testRules returns a rule file.
func testRules(t *testing.T) []string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yml")
	require.NoError(t, os.WriteFile(file, []byte(`
groups:
- name: g
  interval: 10s
  rules:
  - {record: 'load:max', expr: max(kernel_all_load)}
  - {alert: Load, expr: 'load:max >= 100', for: 20s}
  - {alert: Fails, expr: 'kernel_all_load + on() kernel_all_load'}
`), 0o666))
	return []string{file}
}

// TestRules serves alerts and recorded series, at the times of a recording and at moved
// ones, and renews them when archives grow.
func TestRules(t *testing.T) {
	for name, shift := range map[string]time.Duration{"own times": 0, "moved": time.Hour} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			rec := record(t, filepath.Join(dir, "rec"), "db1").put(0, 105)
			require.NoError(t, rec.a.Flush())
			o := Options{Paths: []string{dir}, RuleFiles: testRules(t), Rescan: -1}
			if shift != 0 {
				o.ShiftTo = at(104).Add(shift)
			}
			r := run(t, o)
			require.Eventually(t, func() bool { return len(r.alerts()) == 1 }, time.Minute, 5*time.Millisecond)
			first := r.alerts()[0]
			assert.Equal(t, "pending", first.State)
			assert.True(t, at(100).Add(shift).Equal(first.ActiveAt), first.ActiveAt)
			rec.put(105, 200).close()
			require.NoError(t, r.Reload(t.Context()))
			require.Eventually(t, func() bool { a := r.alerts(); return len(a) == 1 && a[0].State == "firing" }, time.Minute, 5*time.Millisecond)
			recorded := r.query("load:max", at(150).Add(shift))
			require.Len(t, recorded.Data.Result, 1)
			assert.Equal(t, "150", recorded.Data.Result[0].Value[1])
			firing := r.query(`ALERTS{alertstate="firing"}`, at(150).Add(shift))
			assert.Len(t, firing.Data.Result, 1)
		})
	}
}

// TestReloadRules changes a rule file: new rules replace the former ones, and a wrong file
// leaves them in force and says why.
func TestReloadRules(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "rec"), "db1").put(0, 200).close()
	files := testRules(t)
	write := func(content string) { require.NoError(t, os.WriteFile(files[0], []byte(content), 0o666)) }
	r := run(t, Options{Paths: []string{dir}, RuleFiles: files, Rescan: -1})
	name := func() string {
		if all := r.alerts(); len(all) == 1 {
			return all[0].Labels["alertname"]
		}
		return ""
	}
	require.Eventually(t, func() bool { return name() == "Load" }, time.Minute, 5*time.Millisecond)
	_, page, _ := r.get("/api/archives")
	for _, want := range []string{
		files[0], `"name":"Load","alerting":true,"state":"firing"`, `"name":"load:max","alerting":false,"state":""`, "many-to-many matching not allowed",
		`"end":` + seconds(at(199)) + `,"took":`,
	} {
		assert.Contains(t, page, want)
	}

	write("groups: [{name: g, interval: 10s, rules: [{alert: Other, expr: 'kernel_all_load > 150'}]}]")
	assert.Equal(t, "1 archive of 1 host, 0 blocks\n", r.reload())
	require.Eventually(t, func() bool { return name() == "Other" }, time.Minute, 5*time.Millisecond)

	write("groups: [{name: g, rules: [{alert: Worse, expr: 'rate('}]}]")
	resp, err := r.client.Post(r.url+"/-/reload", "", nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	reply, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusInternalServerError, resp.StatusCode)
	assert.Contains(t, string(reply), files[0])
	assert.Contains(t, string(reply), "parse error")
	assert.Equal(t, "Other", name())
	_, page, _ = r.get("/api/archives")
	assert.Contains(t, page, "parse error")

	require.NoError(t, os.Remove(files[0]))
	require.ErrorIs(t, r.Reload(t.Context()), os.ErrNotExist)
	assert.Equal(t, "Other", name())

	write("groups: [{name: g, interval: 10s, rules: [{alert: Load, expr: 'kernel_all_load > 150'}]}]")
	record(t, filepath.Join(dir, "more"), "db2").put(0, 5).close()
	require.NoError(t, r.Reload(t.Context()))
	require.Eventually(t, func() bool { return name() == "Load" }, time.Minute, 5*time.Millisecond)
	_, page, _ = r.get("/api/archives")
	assert.Contains(t, page, `"fault":""`)

	idle, err := newRuler(r.Server)
	require.NoError(t, err)
	<-idle.reloaded
	require.NoError(t, idle.reload())
	assert.Empty(t, idle.reloaded, "equal files are not evaluated again")
}

// TestWrongRules wants a server with a wrong rule file not to start.
func TestWrongRules(t *testing.T) {
	_, err := New(t.Context(), Options{Paths: []string{t.TempDir()}, Listen: []string{"127.0.0.1:0"}, RuleFiles: []string{"missing.yml"}})
	var option *OptionError
	require.ErrorAs(t, err, &option)
	assert.Equal(t, "RuleFiles", option.Option)
}

// TestLowestTimestamp is what the Thanos sidecar looks for.
func TestLowestTimestamp(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "rec"), "db1").put(0, 5).close()
	r := run(t, Options{Paths: []string{dir}, Rescan: -1})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/metrics", http.NoBody)
	require.NoError(t, err)
	req.Header.Set("User-Agent", "Thanos/0.40.0")
	res, err := r.client.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(res.Body)
	require.NoError(t, errors.Join(err, res.Body.Close()))
	assert.Contains(t, string(body), "\nprometheus_tsdb_lowest_timestamp_seconds 1.7723664e+09\n")
}
