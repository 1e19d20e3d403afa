package serve

import (
	"context"
	"errors"
	"net"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"

	"github.com/pcparchive/pcparchive/receive"
)

// receiver receives archives into one of the served folders. A nil *receiver receives
// nothing.
type receiver struct {
	*receive.Receiver
	arrivals chan struct{} // has an element if there is something to look for
}

// openReceiver opens the receiver that the options ask for.
func (s *Server) openReceiver() error {
	if s.opts.Receive == "" {
		return nil
	}
	r := &receiver{arrivals: make(chan struct{}, 1)}
	o := s.opts.Receiving
	o.Logger, o.Shown = s.log, r.notify
	o.Move = func(move func() error) error {
		s.looking.Lock() // a look for archives finds an archive in one place
		defer s.looking.Unlock()
		defer r.notify()
		return move()
	}
	var err error
	if r.Receiver, err = receive.Open(s.opts.Receive, o); err != nil {
		return err
	}
	s.receiver = r
	return nil
}

// notify makes the server look for archives.
func (r *receiver) notify() {
	select {
	case r.arrivals <- struct{}{}:
	default:
	}
}

// arrived returns a channel that has an element when there is something to look for.
func (r *receiver) arrived() <-chan struct{} {
	if r == nil {
		return nil
	}
	return r.arrivals
}

// run publishes archives until ctx ends.
func (r *receiver) run(ctx context.Context) {
	if r != nil {
		r.Run(ctx)
	}
}

func (r *receiver) close() error {
	if r == nil {
		return nil
	}
	return r.Close()
}

// checkReceiving returns an *OptionError if strangers could push archives.
func (s *Server) checkReceiving() error {
	if s.receiver == nil {
		return nil
	}
	demands, err := demandsClients(s.opts.WebConfig)
	if err != nil {
		return &OptionError{"WebConfig", err}
	}
	for _, l := range s.listeners {
		if tcp, ok := l.Addr().(*net.TCPAddr); !demands && (!ok || !tcp.IP.IsLoopback()) {
			return &OptionError{"Receive", errors.New("anyone who reaches " + l.Addr().String() +
				" could push archives: demand passwords (basic_auth_users) or certificates of clients (client_auth_type: RequireAndVerifyClientCert) in the web configuration, or listen on a loopback address")}
		}
	}
	return nil
}

// demandsClients reports whether a web configuration lets in only clients that it knows.
func demandsClients(webConfig string) (bool, error) {
	if webConfig == "" {
		return false, nil
	}
	text, err := os.ReadFile(webConfig)
	if err != nil {
		return false, err
	}
	var c web.Config
	if err := yaml.Unmarshal(text, &c); err != nil {
		return false, err
	}
	return len(c.Users) > 0 || c.TLSConfig.IsEnabled() && c.TLSConfig.ClientAuth == "RequireAndVerifyClientCert", nil
}

// receiverDescs are the metrics of the receiver.
var receiverDescs = []struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(receive.Counts) float64
}{
	{desc("receiving_archives", "Archives that are being received."), prometheus.GaugeValue, func(c receive.Counts) float64 { return float64(c.Open) }},
	{desc("received_archives_total", "Archives of which the first part was received."), prometheus.CounterValue, func(c receive.Counts) float64 { return float64(c.Started) }},
	{desc("received_resumed_total", "Clients that began again with an archive."), prometheus.CounterValue, func(c receive.Counts) float64 { return float64(c.Resumed) }},
	{desc("received_published_total", "Archives that were received completely."), prometheus.CounterValue, func(c receive.Counts) float64 { return float64(c.Published) }},
	{desc("received_damaged_total", "Archives that were received completely and have errors."), prometheus.CounterValue, func(c receive.Counts) float64 { return float64(c.Damaged) }},
	{desc("received_parts_total", "Parts that were received."), prometheus.CounterValue, func(c receive.Counts) float64 { return float64(c.Parts) }},
	{desc("received_bytes_total", "Bytes that were received."), prometheus.CounterValue, func(c receive.Counts) float64 { return float64(c.Bytes) }},
	{desc("received_refused_total", "Requests to receive that were refused."), prometheus.CounterValue, func(c receive.Counts) float64 { return float64(c.Refused) }},
}

// collect sends the metrics.
func (r *receiver) collect(ch chan<- prometheus.Metric) {
	if r == nil {
		return
	}
	counts := r.Counts()
	for _, d := range receiverDescs {
		ch <- prometheus.MustNewConstMetric(d.desc, d.kind, d.value(counts))
	}
}
