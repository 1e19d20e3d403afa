package browse

import (
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/serve/timeshift"
	"github.com/pcparchive/pcparchive/store"
)

// hostsOf describes the archives of hosts without reading their metadata.
func hostsOf(sets []*store.Set) []Host {
	all := make([]Host, 0, len(sets))
	for _, set := range sets {
		all = append(all, hostOf(set))
	}
	return all
}

func hostOf(set *store.Set) Host {
	header := set.Header()
	h := Host{Host: set.Host(), Interval: query.RecordingInterval(set).Seconds(), Archives: []Archive{}}
	end := header.Start
	if t, err := set.Ending(); err == nil {
		h.Span = spanOf(header.Start, t)
		end = t
	}
	_, h.Offset = end.Time().In(header.Location()).Zone()
	if name := strings.TrimPrefix(header.ZoneInfo, ":"); name != "" {
		if _, err := time.LoadLocation(name); err == nil {
			h.Zone = name
		}
	}
	ends := set.Endings()
	for _, a := range set.Archives() {
		h.Archives = append(h.Archives, archiveOf(a, ends[a.Base]))
	}
	return h
}

func archiveOf(a store.Archive, end pcp.Timestamp) Archive {
	described := Archive{Path: a.Base, Version: int(a.Header.Version)}
	if !end.Before(a.Header.Start) {
		described.Span = spanOf(a.Header.Start, end)
	}
	if a.State == nil {
		return described
	}
	described.Packed = a.State.Compressed()
	for _, info := range a.State.Files {
		described.Files++
		described.Bytes += info.Size()
	}
	return described
}

func spanOf(start, end pcp.Timestamp) *Span {
	return &Span{seconds(start.Time()), seconds(end.Time())}
}

// seconds returns a time in seconds since 1970.
func seconds(t time.Time) float64 { return float64(t.UnixMicro()) / 1e6 }

// Seconds returns a time in seconds since 1970, as replies have it.
func Seconds(t time.Time) float64 { return seconds(t) }

// movedHosts returns hosts at the times that clients see.
func movedHosts(hosts []Host, m timeshift.Move) []Host {
	if m == timeshift.None {
		return hosts
	}
	moved := make([]Host, len(hosts))
	for i, h := range hosts {
		h.Span = movedSpan(h.Span, m)
		archives := make([]Archive, 0, len(h.Archives))
		for _, a := range h.Archives {
			if a.Span != nil && int64(a.Start*1000) > m.Until {
				continue // not visible yet
			}
			a.Span = movedSpan(a.Span, m)
			archives = append(archives, a)
		}
		h.Archives = archives
		moved[i] = h
	}
	return moved
}

func movedSpan(s *Span, m timeshift.Move) *Span {
	if s == nil {
		return nil
	}
	start, end := int64(s.Start*1000), min(int64(s.End*1000), m.Until)
	if end < start {
		return nil
	}
	return &Span{float64(m.Forth(start)) / 1000, float64(m.Forth(end)) / 1000}
}
