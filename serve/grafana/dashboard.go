package grafana

import (
	"cmp"
	"fmt"
	"time"
)

// chart is a panel of the dashboard. It is left out unless one of its series exists.
type chart struct {
	title, unit string
	stacked     bool
	lines       []line
}

// line is an expression. It is left out unless its metric exists.
type line struct{ metric, expr, legend string }

// charts are the panels: those of PCP's own metrics, then those of node_exporter.
var charts = []chart{
	{"CPU", "percentunit", true, []line{
		{"kernel_all_cpu_user", `rate(kernel_all_cpu_user{hostname=~"$host"}[$__rate_interval]) / 1000 / on (hostname) group_left () max by (hostname) (hinv_ncpu)`, "{{hostname}} user"},
		{"kernel_all_cpu_sys", `rate(kernel_all_cpu_sys{hostname=~"$host"}[$__rate_interval]) / 1000 / on (hostname) group_left () max by (hostname) (hinv_ncpu)`, "{{hostname}} system"},
		{"kernel_all_cpu_wait_total", `rate(kernel_all_cpu_wait_total{hostname=~"$host"}[$__rate_interval]) / 1000 / on (hostname) group_left () max by (hostname) (hinv_ncpu)`, "{{hostname}} waiting for disks"},
		{"kernel_all_cpu_steal", `rate(kernel_all_cpu_steal{hostname=~"$host"}[$__rate_interval]) / 1000 / on (hostname) group_left () max by (hostname) (hinv_ncpu)`, "{{hostname}} stolen"},
	}},
	{"Load", "short", false, []line{{"kernel_all_load", `kernel_all_load{hostname=~"$host"}`, "{{hostname}} {{instname}}"}}},
	{"Memory", "kbytes", false, []line{
		{"mem_util_used", `mem_util_used{hostname=~"$host"}`, "{{hostname}} used"},
		{"mem_util_available", `mem_util_available{hostname=~"$host"}`, "{{hostname}} available"},
		{"mem_util_cached", `mem_util_cached{hostname=~"$host"}`, "{{hostname}} cached"},
	}},
	{"Paging", "pps", false, []line{
		{"swap_pagesin", `rate(swap_pagesin{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} in"},
		{"swap_pagesout", `rate(swap_pagesout{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} out"},
	}},
	{"Disks: bytes", "KiBs", false, []line{
		{"disk_dev_read_bytes", `rate(disk_dev_read_bytes{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} {{instname}} read"},
		{"disk_dev_write_bytes", `rate(disk_dev_write_bytes{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} {{instname}} written"},
	}},
	{"Disks: busy", "percentunit", false, []line{
		{"disk_dev_avactive", `rate(disk_dev_avactive{hostname=~"$host"}[$__rate_interval]) / 1000`, "{{hostname}} {{instname}}"},
	}},
	{"Network: bytes", "Bps", false, []line{
		{"network_interface_in_bytes", `rate(network_interface_in_bytes{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} {{instname}} received"},
		{"network_interface_out_bytes", `rate(network_interface_out_bytes{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} {{instname}} sent"},
	}},
	{"Network: errors and drops", "pps", false, []line{
		{"network_interface_total_errors", `rate(network_interface_total_errors{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} {{instname}} errors"},
		{"network_interface_total_drops", `rate(network_interface_total_drops{hostname=~"$host"}[$__rate_interval])`, "{{hostname}} {{instname}} drops"},
	}},
	{"CPU (node_exporter)", "percentunit", true, []line{
		{"node_cpu_seconds_total", `avg by (instance, mode) (rate(node_cpu_seconds_total{mode!="idle"}[$__rate_interval]))`, "{{instance}} {{mode}}"},
	}},
	{"Load (node_exporter)", "short", false, []line{{"node_load1", "node_load1", "{{instance}}"}}},
	{"Memory (node_exporter)", "bytes", false, []line{{"node_memory_MemAvailable_bytes", "node_memory_MemAvailable_bytes", "{{instance}} available"}}},
	{"Disks (node_exporter)", "Bps", false, []line{
		{"node_disk_read_bytes_total", "rate(node_disk_read_bytes_total[$__rate_interval])", "{{instance}} {{device}} read"},
		{"node_disk_written_bytes_total", "rate(node_disk_written_bytes_total[$__rate_interval])", "{{instance}} {{device}} written"},
	}},
	{"Network (node_exporter)", "Bps", false, []line{
		{"node_network_receive_bytes_total", "rate(node_network_receive_bytes_total[$__rate_interval])", "{{instance}} {{device}} received"},
		{"node_network_transmit_bytes_total", "rate(node_network_transmit_bytes_total[$__rate_interval])", "{{instance}} {{device}} sent"},
	}},
	{"Endpoints", "short", false, []line{{"up", "up", "{{job}} {{instance}}"}}},
}

// object is a JSON object.
type object = map[string]any

// the data source of panels and variables.
func reference() object { return object{"type": "prometheus", "uid": name} }

// dashboard returns the dashboard's model, as Grafana exports it.
func dashboard(o Options) object {
	from, to, refresh := window(o)
	return object{
		"uid": name, "title": "PCP archives", "tags": []string{name}, "schemaVersion": 39, "version": 1, "editable": true,
		"timezone": "browser", "time": object{"from": from, "to": to}, "refresh": refresh, "graphTooltip": 1,
		"annotations": object{"list": []any{}}, "links": []any{}, "panels": panels(o),
		"templating": object{"list": []any{object{
			"name": "host", "label": "host", "type": "query", "datasource": reference(), "refresh": 2, "sort": 1,
			"query":      object{"query": "label_values(hostname)", "refId": "host", "qryType": 1, "label": "hostname"},
			"definition": "label_values(hostname)", "multi": true, "includeAll": true, "allValue": ".*",
			"current": object{"selected": true, "text": "All", "value": "$__all"},
		}}},
	}
}

// window returns the time range and the interval of refreshes.
func window(o Options) (from, to, refresh string) {
	switch {
	case o.Live:
		return "now-15m", "now", "5s"
	case o.End.IsZero():
		return "now-6h", "now", ""
	}
	const layout = "2006-01-02T15:04:05.000Z"
	return o.Start.UTC().Format(layout), o.End.UTC().Add(time.Millisecond).Format(layout), ""
}

// panels returns two columns of charts whose metrics exist.
func panels(o Options) []any {
	const width, height = 12, 8
	all := []any{}
	for _, c := range charts {
		targets := c.targets(o.Metrics)
		if len(targets) == 0 {
			continue
		}
		n := len(all)
		stacking := object{"mode": "none", "group": "A"}
		if c.stacked {
			stacking["mode"] = "normal"
		}
		all = append(all, object{
			"id": n + 1, "type": "timeseries", "title": c.title, "datasource": reference(), "targets": targets,
			"gridPos": object{"x": n % 2 * width, "y": n / 2 * height, "w": width, "h": height},
			"options": object{"legend": object{"displayMode": "list", "placement": "bottom"}, "tooltip": object{"mode": "multi", "sort": "desc"}},
			"fieldConfig": object{"overrides": []any{}, "defaults": object{
				"unit": c.unit, "custom": object{"fillOpacity": cmp.Or(map[bool]int{true: 30}[c.stacked], 0), "showPoints": "auto", "spanNulls": false, "stacking": stacking},
			}},
		})
	}
	return all
}

// targets returns the queries of a chart whose metrics exist.
func (c chart) targets(metrics map[string]bool) []any {
	var all []any
	for i, l := range c.lines {
		if metrics[l.metric] {
			all = append(all, object{"refId": fmt.Sprintf("%c", 'A'+i), "datasource": reference(), "expr": l.expr, "legendFormat": l.legend, "range": true})
		}
	}
	return all
}
