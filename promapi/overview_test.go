package promapi

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

// What a dashboard of a host asks, after PCP's published one for Prometheus: values as they
// are, changes for each second, and shares of time, which PCP counts in milliseconds.
var (
	overviewValues = "kernel_all_load mem_util_free mem_util_cached mem_util_used mem_physmem kernel_all_runnable"
	overviewRates  = "kernel_all_pswitch mem_vmstat_pgfault mem_vmstat_pgmajfault " +
		"network_interface_in_bytes network_interface_out_bytes network_interface_in_drops network_interface_out_drops " +
		"network_interface_in_packets network_interface_out_packets network_tcp_timeouts network_tcp_listendrops network_tcp_listenoverflows " +
		"network_tcp_retranssegs network_tcp_fastretrans network_tcp_slowstartretrans network_tcp_synretrans " +
		"disk_dev_read disk_dev_write disk_dev_read_bytes disk_dev_write_bytes"
	overviewShares = "kernel_percpu_cpu_user kernel_percpu_cpu_sys disk_dev_read_rawactive disk_dev_write_rawactive disk_dev_avactive"
)

// TestHostOverview wants data for every panel over recordings that PCP's logger made of real
// hosts.
func TestHostOverview(t *testing.T) {
	var exprs []string
	for _, group := range []struct{ metrics, expr string }{
		{overviewValues, `%s{hostname="$host"}`}, {overviewRates, `rate(%s{hostname="$host"}[$interval])`}, {overviewShares, `rate(%s{hostname="$host"}[$interval])/1000`},
	} {
		for name := range strings.FieldsSeq(group.metrics) {
			exprs = append(exprs, fmt.Sprintf(group.expr, name))
		}
	}
	require.Len(t, exprs, 31)
	for archive, interval := range map[string]time.Duration{"20180416": 5 * time.Minute, "pcp-free-tera": 30 * time.Second} {
		dir := filepath.Join(oracle.Corpus(t), "archives", archive)
		a := newAPI(t, Options{}, dir)
		srv := serving(t, a)
		hosts := ask(t, srv, "/api/v1/label/hostname/values").Data.([]any)
		require.Len(t, hosts, 1)
		set := openSets(t, dir)[0]
		end, err := set.Ending()
		require.NoError(t, err)
		from, to := set.Header().Start.Time(), end.Time()
		for _, expr := range exprs {
			expr = strings.NewReplacer("$host", hosts[0].(string), "$interval", interval.String()).Replace(expr)
			got := ask(t, srv, "POST /api/v1/query_range?"+form("query", expr,
				"start", fmt.Sprint(from.UnixMilli()/1000), "end", fmt.Sprint(to.UnixMilli()/1000), "step", fmt.Sprint(to.Sub(from).Seconds()/500)))
			require.Empty(t, got.Error, expr)
			data := got.Data.(map[string]any)
			assert.NotEmpty(t, data["result"], "%s: %s", archive, expr)
			if strings.HasSuffix(expr, "/1000") {
				assertShares(t, expr, data["result"].([]any))
			}
		}
	}
}

// assertShares wants the values of series to be shares of time.
func assertShares(t *testing.T, expr string, series []any) {
	t.Helper()
	for _, s := range series {
		for _, point := range s.(map[string]any)["values"].([]any) {
			var v float64
			_, err := fmt.Sscan(point.([]any)[1].(string), &v)
			require.NoError(t, err)
			assert.True(t, v >= 0 && v < 64, "%s: %v", expr, v) // several requests may be active at once
		}
	}
}
