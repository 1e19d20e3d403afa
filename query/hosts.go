package query

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"github.com/pcparchive/pcparchive/convert/flatten"
	"github.com/pcparchive/pcparchive/internal/halt"
	"github.com/pcparchive/pcparchive/internal/parallel"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// hostsQuerier answers from the archives of several hosts.
type hostsQuerier struct {
	hosts      []*querier
	background background
}

// onceClashes finds the names that several hosts share in the archives between two times. It
// does so once, when a result needs it.
type onceClashes struct {
	s          *Storage
	mint, maxt int64 // ms
	once       halt.Once[*flatten.HostClashes]
}

// get returns the names. They are of no use if ctx has ended.
func (c *onceClashes) get(ctx context.Context) *flatten.HostClashes {
	found, _ := c.once.DoContext(ctx, func(ctx context.Context) (*flatten.HostClashes, error) {
		return c.s.names.Clashes(store.Until(c.s.sets, ctx.Err), pcp.TimestampMilli(c.mint), pcp.TimestampMilli(c.maxt).Add(999_999)), nil
	})
	return found
}

// Select returns the matching series of all hosts, sorted by labels. Series of
// several hosts with equal labels get the label hostname.
func (q *hostsQuerier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if asksForLabels(hints) {
		return describedSet(ctx, q.hosts, hints, matchers)
	}
	for _, host := range q.hosts {
		host.announce(ctx, hints, matchers)
	}
	return q.background.begin(func() storage.SeriesSet {
		q.prepare(ctx, hints, matchers)
		found := q.find(ctx, func(host *querier) (*seriesSet, error) { return host.read(ctx, hints, matchers) })
		if all, ok := found.(*seriesSet); ok && q.hosts[0].watch != nil {
			q.hosts[0].watch.keep(q.hosts[0].selection(ctx, hints, matchers), all)
		}
		return found
	})
}

// find joins the series that read returns for each host. It reads as many hosts at a time
// as there are processors.
func (q *hostsQuerier) find(ctx context.Context, read func(*querier) (*seriesSet, error)) storage.SeriesSet {
	q.hosts[0].clashes.get(ctx) // each host needs them
	results := make([]*seriesSet, len(q.hosts))
	err := parallel.Do(len(q.hosts), func(i int) (err error) {
		results[i], err = read(q.hosts[i])
		return err
	})
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	all := &seriesSet{at: -1}
	owners := map[*packedSeries]string{}
	for i, host := range q.hosts {
		found := results[i]
		for _, s := range found.series {
			owners[s.(*packedSeries)] = host.set.Host()
		}
		all.series = append(all.series, found.series...)
		all.warnings.Merge(found.warnings)
	}
	for _, line := range q.hosts[0].clashes.get(ctx).Lines() {
		all.warnings.Add(&HostsWarning{line})
	}
	all.separate(owners)
	return all
}

// separate sorts the series and makes their labels differ.
func (set *seriesSet) separate(owners map[*packedSeries]string) {
	for range maxRenaming {
		sortSeries(set.series)
		if !set.renameEqual(owners) {
			return
		}
	}
}

// maxRenaming limits the number of times that series are renamed: once, unless a new name is that
// of yet another host's series.
const maxRenaming = 4

func sortSeries(all []storage.Series) {
	slices.SortStableFunc(all, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
}

// renameEqual adds the label hostname to series of different hosts with equal labels.
// It reports whether there were any. Series must be sorted.
func (set *seriesSet) renameEqual(owners map[*packedSeries]string) (found bool) {
	for i, n := 0, 0; i < len(set.series); i += n {
		for n = 1; i+n < len(set.series) && labels.Equal(set.series[i].Labels(), set.series[i+n].Labels()); n++ {
		}
		if n == 1 {
			continue
		}
		found = true
		var hosts []string
		name := set.series[i].Labels().String()
		for _, s := range set.series[i : i+n] {
			s, host := s.(*packedSeries), owners[s.(*packedSeries)]
			s.labels = labels.NewBuilder(s.labels).Set("hostname", host).Labels()
			hosts = append(hosts, host)
		}
		set.warnings.Add(&HostsWarning{fmt.Sprintf("hosts %s all have the series %s: hostname is the host of the archive's label",
			strings.Join(hosts, ", "), name)})
	}
	return found
}

// LabelValues returns the values of a label that series of any host have.
func (q *hostsQuerier) LabelValues(ctx context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return labelValues(ctx, q.hosts, name, matchers)
}

// LabelNames returns the names of all labels that series of any host have.
func (q *hostsQuerier) LabelNames(ctx context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return labelNames(ctx, q.hosts, matchers)
}

// Close waits for the selections that are being read.
func (q *hostsQuerier) Close() error {
	q.background.wait()
	for _, host := range q.hosts {
		host.end()
	}
	return nil
}
