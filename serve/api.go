package serve

import (
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/storage"

	"github.com/pcparchive/pcparchive/promapi"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/ruleeval"
	"github.com/pcparchive/pcparchive/serve/timeshift"
)

// apiOptions configure Prometheus' API.
func (s *Server) apiOptions() promapi.Options {
	o := s.opts
	flags := map[string]string{
		"web.listen-address": o.Listen[0], "web.config.file": o.WebConfig, "web.max-connections": strconv.Itoa(o.MaxConnections),
		"web.read-timeout": flagDuration(bodyTimeout), "query.max-samples": strconv.Itoa(o.Query.MaxSamples), "query.timeout": flagDuration(o.Query.Timeout),
	}
	return promapi.Options{
		Source: source{s}, Logger: s.log, Now: o.now, Concurrency: o.Concurrency,
		ExternalLabels: o.ExternalLabels, Flags: flags, Version: o.Version,
	}
}

// flagDuration formats a duration as Prometheus' flags have it; no limit is 0s.
func flagDuration(d time.Duration) string { return model.Duration(max(d, 0)).String() }

// source gives each request of the API one state.
type source struct{ s *Server }

// Snapshot returns the current state, at moved times.
func (x source) Snapshot() (*promapi.View, func()) {
	st, clock, release := x.s.states.acquire()
	move := clock.At(x.s.opts.now())
	rules := x.s.ruler.current()
	engine := st.engine.WithView(st.view(move, x.s.opts.Query.MaxSamples, rules))
	w := st.window.moved(move)
	var present time.Time
	if end := w.End; !end.IsZero() && end.Add(engine.Lookback()).Before(x.s.opts.now()) {
		present = end // else the answer would always be empty
	}
	return &promapi.View{
		Present: present,
		Engine:  engine, Exemplars: func(e *query.Engine) storage.ExemplarQueryable { return timeshift.Exemplars(e.Exemplars(), move) }, Start: w.Start, End: w.End,
		Rules: movedRules(rules, move), Version: version{st, rules, move},
	}, release
}

// version identifies the state that a request reads.
type version struct {
	*state
	rules *ruleeval.Result
	move  timeshift.Move
}
