package serve

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
)

// schemeOf returns the scheme of the addresses with a web configuration.
func schemeOf(webConfig string) (string, error) {
	if webConfig == "" {
		return "http", nil
	}
	text, err := os.ReadFile(webConfig)
	if err != nil {
		return "", err
	}
	var c web.Config
	if err := yaml.Unmarshal(text, &c); err != nil {
		return "", err
	}
	if c.TLSConfig.IsEnabled() {
		return "https", nil
	}
	return "http", nil
}

// Addresses returns the URLs at which the server listens.
func (s *Server) Addresses() []string {
	all := make([]string, len(s.listeners))
	for i, l := range s.listeners {
		all[i] = s.scheme + "://" + reachable(l.Addr().String())
	}
	return all
}

// reachable returns an address that a browser on this machine can open.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("localhost", port)
	}
	return address
}

// Example is a query with a link to its result over the window of the data.
type Example struct {
	Expr string
	Link string // without the server's address
}

// rangeLink returns the path that evaluates an expression over a window.
func rangeLink(expr string, w Window) string {
	step := max(w.Duration()/200, time.Second).Round(time.Second)
	q := url.Values{
		"query": {expr}, "start": {seconds(w.Start)}, "end": {seconds(w.End)},
		"step": {strconv.FormatInt(int64(step/time.Second), 10)},
	}
	return "/api/v1/query_range?" + q.Encode()
}

// seconds formats a time as Prometheus' API accepts it.
func seconds(t time.Time) string {
	return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64)
}

// GrafanaRange returns the end of a dashboard's address that shows a window, or the last
// day of a window that is longer than a month.
func GrafanaRange(w Window) string {
	w = w.recent()
	return fmt.Sprintf("from=%d&to=%d", w.Start.UnixMilli(), w.End.UnixMilli())
}
