package scrape

import (
	"context"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery/targetgroup"
)

// maxTargetLabels bounds the labels of a target that discovery finds. The scraper
// panics at labels of 16 MiB, where nobody can recover.
const maxTargetLabels = 1 << 20

type targetGroups = map[string][]*targetgroup.Group

// tame passes on what discovery finds without targets that the scraper cannot take.
func (r *Recorder) tame(ctx context.Context, in <-chan targetGroups) <-chan targetGroups {
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
				case out <- r.tamed(found):
				}
			}
		}
	}()
	return out
}

// tamed returns found itself if there is nothing to leave out.
func (r *Recorder) tamed(found targetGroups) targetGroups {
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
			kept := *group // discovery keeps its own
			kept.Targets = slices.DeleteFunc(slices.Clone(group.Targets), tooLong)
			groups[i] = &kept
			r.log.Error("targets left out: their labels are too long", "discovery", group.Source, "targets", len(group.Targets)-len(kept.Targets))
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
