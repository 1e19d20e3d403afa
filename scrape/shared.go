package scrape

import (
	"log/slog"

	"github.com/pcparchive/pcparchive/convert/prom"
)

// shared is everything that the Recorders of one Scraper have in common.
type shared struct {
	report  *prom.Report
	log     *slog.Logger
	drops   drops
	repeats repeats
	secrets secrets
}

func newShared(report *prom.Report, log *slog.Logger) *shared {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &shared{report: report}
	s.log = slog.New(redactHandler{log.Handler(), &s.secrets})
	return s
}
