package expo

import "github.com/pcparchive/pcparchive/convert/prom"

// pcpHosts are the hosts that labels of PCP metrics name.
type pcpHosts struct {
	recorded  map[string]bool // hosts of metrics outside PCP's openmetrics agent
	endpoints map[string]bool // hosts that metrics of the openmetrics agent name
}

// noteHost notes the value of the label hostname of a series.
func (p *pcpLines) noteHost(line *pcpLine, host string) {
	if host == "" {
		return
	}
	if p.hosts.recorded == nil {
		p.hosts = pcpHosts{map[string]bool{}, map[string]bool{}}
	}
	if line.isAgentMetric() {
		p.hosts.endpoints[host] = true
	} else {
		p.hosts.recorded[host] = true
	}
}

// isEndpoint reports whether the host that a metric names is an endpoint, and not
// the host that recorded it: no other metrics of this host are on the pages, and
// they have metrics of one host at most.
func (p *pcpLines) isEndpoint(line *pcpLine, host string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return line.isAgentMetric() && !p.hosts.recorded[host] && len(p.hosts.recorded) <= 1
}

// Host returns the host whose archive a series with the given label hostname belongs
// to. Call it after the reading. The result is the label's value, with one
// exception: if only metrics of PCP's openmetrics agent have the value, it names an
// endpoint, and the result is the one host with other metrics on the pages, if
// there is exactly one.
func (r *Reader) Host(hostname string) string {
	p := &r.lexer.native
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.hosts.endpoints[hostname] && !p.hosts.recorded[hostname] && len(p.hosts.recorded) == 1 {
		for host := range p.hosts.recorded {
			return host
		}
	}
	return hostname
}

// OfEndpoint reports whether the label hostname of a series may name an endpoint
// instead of the archive's host; see [Reader.Host].
func (r *Reader) OfEndpoint(s *prom.Series) bool {
	line := r.lexer.native.lineOf(s.Name)
	return line != nil && line.isAgentMetric()
}
