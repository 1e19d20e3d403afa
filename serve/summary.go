package serve

import (
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pcparchive/pcparchive/convert/naming"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/serve/blocks"
	"github.com/pcparchive/pcparchive/serve/grafana"
	"github.com/pcparchive/pcparchive/store"
)

// Summary describes the current state, at the times that clients see.
type Summary struct {
	Window   Window
	Hosts    []HostLine
	Archives int
	Blocks   []blocks.Block
	Damage   []Damage
	Examples []Example
}

// Summary describes the current state.
func (s *Server) Summary() Summary {
	st, clock, release := s.states.acquire()
	defer release()
	move := clock.At(s.opts.now())
	sum := Summary{
		Window: st.window.moved(move), Archives: st.archives(), Hosts: slices.Clone(st.lines),
		Blocks: st.blocks.Blocks(), Damage: st.damage(),
	}
	for i := range sum.Hosts {
		sum.Hosts[i].Window = sum.Hosts[i].Window.moved(move)
	}
	for _, e := range st.examples() {
		e.Link = rangeLink(e.Expr, sum.Window.recent())
		sum.Examples = append(sum.Examples, e)
	}
	return sum
}

// candidates are expressions for the examples, in order of preference. The first that
// fits of each line is shown.
var candidates = [][]struct{ metric, expr string }{
	{
		{"kernel_all_cpu_user", "sum by (hostname) (rate(kernel_all_cpu_user[5m])) / 1000"},
		{"node_cpu_seconds_total", `sum by (instance, mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))`},
	},
	{{"kernel_all_load", "kernel_all_load"}, {"node_load1", "node_load1"}},
	{
		{"mem_util_available", "mem_util_available / mem_physmem"},
		{"node_memory_MemAvailable_bytes", "node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes"},
	},
	{
		{"disk_dev_total_bytes", "topk(5, rate(disk_dev_total_bytes[5m]))"}, {"disk_all_total", "rate(disk_all_total[5m])"},
		{"node_disk_read_bytes_total", "topk(5, rate(node_disk_read_bytes_total[5m]))"},
	},
	{
		{"network_interface_in_bytes", "topk(5, rate(network_interface_in_bytes[5m]))"},
		{"node_network_receive_bytes_total", "topk(5, rate(node_network_receive_bytes_total[5m]))"},
	},
	{{"up", "up"}, {"pmcd_pmlogger_port", "pmcd_pmlogger_port"}},
}

// mostNamedHosts is the number of hosts whose metrics decide about the examples and the
// dashboard.
const mostNamedHosts = 5

// catalog has the metric names of a state, for examples and dashboards.
type catalog struct {
	names    map[string]bool // PromQL names of metrics
	first    string          // one metric name
	interval time.Duration   // between records, the longest; 0 if it is not known
}

// findNames reads the metadata of the last archives of a few hosts.
func (s *state) findNames() catalog {
	c := catalog{names: map[string]bool{}}
	for i, set := range s.sets() {
		if i == mostNamedHosts {
			break
		}
		c.first = addNames(set, c.names, c.first)
		c.interval = max(c.interval, query.RecordingInterval(set))
	}
	return c
}

// examples returns expressions over metrics that exist.
func (s *state) examples() []Example {
	c := s.catalog()
	// A rate needs several records.
	span := model.Duration(max(5*time.Minute, (4 * c.interval).Round(time.Minute))).String()
	var all []Example
	for _, group := range candidates {
		for _, x := range group {
			if c.names[x.metric] {
				all = append(all, Example{Expr: strings.ReplaceAll(x.expr, "[5m]", "["+span+"]")})
				break
			}
		}
	}
	if len(all) == 0 && c.first != "" {
		all = append(all, Example{Expr: c.first})
	}
	return all
}

// WriteProvisioning writes files to dir from which Grafana sets itself up; see package
// grafana. Grafana is expected on this machine.
func (s *Server) WriteProvisioning(dir string) error {
	st, clock, release := s.states.acquire()
	defer release()
	c, w := st.catalog(), st.window.moved(clock.At(s.opts.now()))
	if !w.IsZero() {
		w = w.recent()
	}
	return grafana.Write(dir, grafana.Options{
		URL: s.Addresses()[0], Metrics: c.names, Start: w.Start, End: w.End, Live: s.opts.Replay > 0, Interval: c.interval,
	})
}

// addNames adds the names in PromQL of the metrics of a host's last archive to names.
// It returns first, or the first name if that is "".
func addNames(set *store.Set, names map[string]bool, first string) string {
	r := set.Last()
	if r == nil {
		return first
	}
	meta := r.Meta()
	for d := range meta.Metrics() {
		if !d.Type.IsNumeric() {
			continue
		}
		name := naming.SampleName(meta, d)
		names[name] = true
		if first == "" {
			first = name
		}
	}
	return first
}
