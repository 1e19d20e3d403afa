package watch

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	promscrape "github.com/prometheus/prometheus/scrape"

	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/scrape"
)

// The reply of Prometheus' /api/v1/targets.
type (
	targetsReply struct {
		Status string      `json:"status"`
		Data   targetLists `json:"data"`
	}
	targetLists struct {
		Active  []activeTarget  `json:"activeTargets"`
		Dropped []droppedTarget `json:"droppedTargets"`
		Counts  map[string]int  `json:"droppedTargetCounts"`
	}
	activeTarget struct {
		Discovered         map[string]string `json:"discoveredLabels"`
		Labels             map[string]string `json:"labels"`
		ScrapePool         string            `json:"scrapePool"`
		ScrapeURL          string            `json:"scrapeUrl"`
		GlobalURL          string            `json:"globalUrl"`
		LastError          string            `json:"lastError"`
		LastScrape         time.Time         `json:"lastScrape"`
		LastScrapeDuration float64           `json:"lastScrapeDuration"` // seconds
		Health             string            `json:"health"`
		ScrapeInterval     string            `json:"scrapeInterval"`
		ScrapeTimeout      string            `json:"scrapeTimeout"`
	}
	droppedTarget struct {
		Discovered map[string]string `json:"discoveredLabels"`
		ScrapePool string            `json:"scrapePool"`
	}
)

// targetsJSON replies as Prometheus does.
func (s *Server) targetsJSON(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	state, pool := strings.ToLower(query.Get("state")), query.Get("scrapePool")
	lists := targetLists{Active: []activeTarget{}, Dropped: []droppedTarget{}, Counts: map[string]int{}}
	all := state == "" || state == "any"
	if all || state == "active" {
		lists.Active = s.active(pool)
	}
	if all || state == "dropped" {
		lists.Dropped, lists.Counts = s.dropped(pool), s.o.Recorder.DroppedCounts()
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(targetsReply{"success", lists}) // fails if the client has left
}

// active returns the targets of a job, or of all jobs, sorted.
func (s *Server) active(pool string) []activeTarget {
	out := []activeTarget{}
	for name, targets := range s.o.Recorder.Targets() {
		if pool != "" && pool != name {
			continue
		}
		for _, t := range targets {
			out = append(out, s.describe(name, t))
		}
	}
	slices.SortFunc(out, func(a, b activeTarget) int {
		return cmp.Or(cmp.Compare(a.ScrapePool, b.ScrapePool), cmp.Compare(a.ScrapeURL, b.ScrapeURL))
	})
	return out
}

// describe returns what clients see of a target, without secrets.
func (s *Server) describe(pool string, t *promscrape.Target) activeTarget {
	builder := labels.NewBuilder(labels.EmptyLabels())
	url := redact.URL(t.URL().String())
	if address := s.o.Recorder.Config().Jobs[pool].Address; address != "" {
		url = address
	}
	failure := ""
	if err := scrape.Cause(t.LastError()); err != nil {
		failure = s.o.Recorder.Redact(err).Error()
	}
	return activeTarget{
		Discovered: publicLabels(t.DiscoveredLabels(builder)), Labels: publicLabels(t.Labels(builder)),
		ScrapePool: pool, ScrapeURL: url, GlobalURL: url, LastError: failure,
		LastScrape: t.LastScrape(), LastScrapeDuration: t.LastScrapeDuration().Seconds(), Health: string(t.Health()),
		ScrapeInterval: t.GetValue(model.ScrapeIntervalLabel), ScrapeTimeout: t.GetValue(model.ScrapeTimeoutLabel),
	}
}

// dropped returns the targets that relabelling dropped.
func (s *Server) dropped(pool string) []droppedTarget {
	out := []droppedTarget{}
	builder := labels.NewBuilder(labels.EmptyLabels())
	all := s.o.Recorder.Dropped()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if pool != "" && pool != name {
			continue
		}
		for _, t := range all[name] {
			out = append(out, droppedTarget{publicLabels(t.DiscoveredLabels(builder)), name})
		}
	}
	return out
}

// publicLabels returns labels without secrets: parameters of the URL, which may be tokens,
// and users and passwords in addresses.
func publicLabels(set labels.Labels) map[string]string {
	out := make(map[string]string, set.Len())
	set.Range(func(l labels.Label) {
		value := redact.Text(l.Value)
		if l.Name == model.AddressLabel || l.Name == model.InstanceLabel {
			value = redact.Address(l.Value)
		}
		if strings.HasPrefix(l.Name, model.ParamLabelPrefix) {
			value = "<hidden>"
		}
		out[l.Name] = value
	})
	return out
}
