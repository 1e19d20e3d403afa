package expo

import "github.com/pcparchive/pcparchive/convert/prom"

// pcpHosts are the hosts that the labels of PCP metrics name.
type pcpHosts struct {
	recorded map[string]bool // whose metrics they are
	// endpoints are hosts that only metrics of PCP's openmetrics agent name.
	endpoints map[string]bool
}

// noteHost notes the label hostname of a series.
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

// isEndpoint reports whether a host is one that a metric of another one is about:
// no metrics were recorded there, and those of one host at most are on the pages.
func (p *pcpLines) isEndpoint(line *pcpLine, host string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return line.isAgentMetric() && !p.hosts.recorded[host] && len(p.hosts.recorded) <= 1
}

// Host returns the host of whose archive a series with this label hostname is,
// once the pages have been read. That is the label's value, unless only metrics
// of PCP's openmetrics agent have it: those are about that host, and were recorded
// by the one whose metrics the pages have besides, if it is one.
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

// OfEndpoint reports whether the label hostname of a series may be that of an
// endpoint, which says nothing of the archive's host: see [Reader.Host].
func (r *Reader) OfEndpoint(s *prom.Series) bool {
	line := r.lexer.native.lineOf(s.Name)
	return line != nil && line.isAgentMetric()
}
