package promapi

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestHosts asks for some hosts by the parameter host, by GET and by POST, at every path that
// reads archives. Series that Prometheus scraped have no label that names the host.
func TestHosts(t *testing.T) {
	dir := t.TempDir()
	for _, host := range []string{"db1", "db2", "db3"} {
		recordHost(t, filepath.Join(dir, host), host)
	}
	base := serving(t, newAPI(t, Options{}, dir))
	for line, want := range map[string]int{ // of three hosts
		"/api/v1/query?" + form("query", "count(hinv_ncpu)", "time", "1772366500"):                                        -1,
		"/api/v1/query_range?" + form("query", "disk_all_read", "start", "1772366500", "end", "1772366500", "step", "10"): 3,
		"/api/v1/series?" + form("match[]", "disk_all_read"):                                                              3,
		"/api/v1/series?" + form("match[]", `{job="web",__name__=~".*_total"}`):                                           0,
		"/api/v1/label/hostname/values?" + form("match[]", "disk_all_read"):                                               3,
	} {
		for _, method := range []string{"", "POST "} {
			all := ask(t, base, method+line)
			require.Equal(t, http.StatusOK, all.Code, line)
			one, two := ask(t, base, method+line+"&host=db2"), ask(t, base, method+line+"&host=db3&host=db1")
			if want < 0 {
				assert.Equal(t, []string{"3", "1", "2"}, []string{number(all), number(one), number(two)})
				continue
			}
			if want == 0 {
				want = length(all)
				assert.Positive(t, want)
			}
			assert.Equal(t, []int{want, want / 3, 2 * want / 3}, []int{length(all), length(one), length(two)}, method+line)
			wrong := ask(t, base, method+line+"&host=db9")
			assert.Equal(t, http.StatusBadRequest, wrong.Code)
			assert.Equal(t, `invalid parameter "host": there is no host named "db9"`, wrong.Error)
		}
	}
	again := ask(t, base, "/api/v1/label/hostname/values?"+form("match[]", "disk_all_read"))
	assert.Equal(t, 3, length(again), "the answer for other hosts was kept apart")
	long := "POST /api/v1/label/hostname/values?" + form("match[]", "disk_all_read") + strings.Repeat("&host=db1", 5000)
	assert.Equal(t, 1, length(ask(t, base, long)))
}

// length is the number of results.
func length(a answer) int {
	if m, ok := a.Data.(map[string]any); ok {
		return len(m["result"].([]any))
	}
	all, _ := a.Data.([]any)
	return len(all)
}

// number is the only value of an instant query.
func number(a answer) string {
	result := a.Data.(map[string]any)["result"].([]any)
	return result[0].(map[string]any)["value"].([]any)[1].(string)
}
