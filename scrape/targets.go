package scrape

import (
	"context"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/labels"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/internal/redact"
)

// maxTargetLabels is the maximum size of the labels of a discovered target. The scraper
// panics at labels of 16 MiB, in a goroutine where nothing can recover.
const maxTargetLabels = 1 << 20

type targetGroups = map[string][]*targetgroup.Group

// withoutLongLabels passes on the discovered targets, except those with which the scraper panics.
func (s *shared) withoutLongLabels(ctx context.Context, in <-chan targetGroups) <-chan targetGroups {
	out := make(chan targetGroups)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case found, ok := <-in:
				if !ok {
					return
				}
				select {
				case <-ctx.Done():
					return
				case out <- s.dropLongLabels(found):
				}
			}
		}
	}()
	return out
}

// dropLongLabels returns found without the targets whose labels are too long. It returns found
// itself if there are none.
func (s *shared) dropLongLabels(found targetGroups) targetGroups {
	for _, groups := range found {
		for i, group := range groups {
			if group == nil {
				continue
			}
			common := labelBytes(group.Labels)
			tooLong := func(target model.LabelSet) bool { return common+labelBytes(target) > maxTargetLabels }
			if !slices.ContainsFunc(group.Targets, tooLong) {
				continue
			}
			kept := *group // a copy, because discovery keeps the group
			kept.Targets = slices.DeleteFunc(slices.Clone(group.Targets), tooLong)
			groups[i] = &kept
			s.log.Error("targets left out: their labels are too long", "discovery", group.Source, "targets", len(group.Targets)-len(kept.Targets))
		}
	}
	return found
}

func labelBytes(set model.LabelSet) int {
	n := 0
	for name, value := range set {
		n += len(name) + len(value)
	}
	return n
}

// targetLabels returns the labels of a target beside job and instance, without secrets.
func targetLabels(set labels.Labels) (all []prom.Label) {
	set.Range(func(l labels.Label) {
		if l.Name != model.JobLabel && l.Name != model.InstanceLabel {
			all = append(all, prom.Label{Name: l.Name, Value: redact.Text(l.Value)})
		}
	})
	return all
}
