package mapper

import (
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// OnlyFailures reports whether a Mapper wrote the archive and no scrape in it ever
// succeeded: it holds only control metrics. An archive with damage is never
// reported. The error of stop, which may be nil, ends the search.
func OnlyFailures(r *archive.Reader, stop func() error) (bool, error) {
	prefix := PrefixOf(r.Meta())
	if prefix == "" {
		return false, nil
	}
	for d := range r.Meta().Metrics() {
		if !strings.HasPrefix(d.Name(), prefix+".control.") {
			return false, nil
		}
	}
	isUp := func(d *meta.Desc) bool { return d.Name() == prefix+".control.up" }
	for step, err := range r.Steps(history.Query{Metrics: isUp, Stop: stop}) {
		if err != nil {
			return false, err
		}
		for _, mv := range step.Metrics {
			for i := range mv.Points {
				if up, ok := mv.Points[i].Value.Number(pcp.TypeDouble); !ok || up != 0 {
					return false, nil
				}
			}
		}
	}
	return len(r.Warnings()) == 0, nil
}
