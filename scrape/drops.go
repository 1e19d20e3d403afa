package scrape

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// dropMessages are the messages that the scraper logs for a sample that it drops.
var dropMessages = map[string]prom.Loss{
	"Duplicate sample for timestamp": prom.LossDuplicate,
	"Out of bounds metric":           prom.LossFuture,
}

// drop is a sample that the scraper dropped.
type drop struct {
	loss prom.Loss
	name string
}

// maxDrops limits the drops of a scrape that are kept with names. The rest is only
// counted.
const maxDrops = 10000

// drops are the samples that the scraper has dropped since the last scrape of each
// target. The scraper names a dropped sample only in a debug message, so dropHandler
// takes the names from these messages.
type drops struct {
	mu       sync.Mutex
	byTarget map[string][]drop
}

func (d *drops) add(target string, one drop) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.byTarget[target]) >= maxDrops {
		return
	}
	if d.byTarget == nil {
		d.byTarget = map[string][]drop{}
	}
	one.name = strings.Clone(one.name)
	d.byTarget[target] = append(d.byTarget[target], one)
}

// take removes and returns the drops of a target.
func (d *drops) take(target string) []drop {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := d.byTarget[target]
	delete(d.byTarget, target)
	return list
}

// reportDrops counts the samples of a page that were not appended. The scraper's report
// gives their number.
func (s *scrape) reportDrops() {
	named := s.src.rec.drops.take(s.target.String())
	missing := int(s.health.PostRelabel) - s.offered
	if s.health.Up == 0 || s.farewell || missing <= 0 {
		return
	}
	named = named[:min(len(named), missing)]
	for _, d := range named {
		s.src.rec.report.Add(d.loss, d.name)
	}
	s.src.rec.report.AddN(prom.LossDuplicate, s.src.name, int64(missing-len(named)))
}

// dropHandler is a log handler that collects the samples that the scraper drops.
type dropHandler struct {
	slog.Handler
	drops  *drops
	target string
}

// Enabled accepts debug messages, because those about dropped samples are needed.
func (h dropHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level == slog.LevelDebug || h.Handler.Enabled(ctx, level)
}

// Handle collects a dropped sample and passes the message on if the log accepts its
// level.
func (h dropHandler) Handle(ctx context.Context, r slog.Record) error {
	if loss, ok := dropMessages[r.Message]; ok {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "series" {
				h.drops.add(h.target, drop{loss, nameOf(a.Value.String())})
			}
			return true
		})
	}
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs keeps the target.
func (h dropHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key == "target" {
			h.target = a.Value.String()
		}
	}
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

// WithGroup keeps collecting.
func (h dropHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

// endsName reports whether a rune ends the name of a series: a brace, white space, or a
// byte that is not UTF-8, as in the separators of label sets.
func endsName(r rune) bool { return r == '{' || r == ' ' || r == '\t' || r == utf8.RuneError }

// nameOf returns the metric name at the beginning of a series on a page.
func nameOf(series string) string {
	if quoted, ok := strings.CutPrefix(series, "{\""); ok {
		name, _, _ := strings.Cut(quoted, "\"")
		return name
	}
	if end := strings.IndexFunc(series, endsName); end >= 0 {
		return series[:end]
	}
	return series
}
