package serve

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/ruleeval"
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

func testRules(t *testing.T) *ruleeval.Rules {
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
	rules, err := ruleeval.Load(file)
	require.NoError(t, err)
	return rules
}

// TestRules serves alerts and recorded series, at the times of a recording and at moved
// ones, and renews them when archives grow.
func TestRules(t *testing.T) {
	for name, shift := range map[string]time.Duration{"own times": 0, "moved": time.Hour} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			rec := record(t, filepath.Join(dir, "rec"), "db1").put(0, 105)
			require.NoError(t, rec.a.Flush())
			o := Options{Paths: []string{dir}, Rules: testRules(t), Rescan: -1}
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

// TestLowestTimestamp is what the Thanos sidecar looks for.
func TestLowestTimestamp(t *testing.T) {
	dir := t.TempDir()
	record(t, filepath.Join(dir, "rec"), "db1").put(0, 5).close()
	_, body, _ := run(t, Options{Paths: []string{dir}, Rescan: -1}).get("/metrics")
	assert.Contains(t, body, "\nprometheus_tsdb_lowest_timestamp_seconds 1.7723664e+09\n")
}
