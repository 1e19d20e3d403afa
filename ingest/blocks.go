package ingest

import (
	"context"
	"errors"
	"slices"

	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/read"
)

// archivesAtOnce limits the number of archives that Blocks writes in one pass over the
// blocks.
const archivesAtOnce = 64

// Blocks makes archives of the samples in Prometheus blocks. It finds the groups of
// series first and then reads the blocks once for every 64 archives, so that memory
// and open files do not depend on the number of archives. If SplitBy finds one
// group, Out is that archive's name unless [Options].Folder is set.
func (im *Importer) Blocks(ctx context.Context, r *read.Reader) (res *Result, err error) {
	src := Source{
		SampleSource: r, Host: r.Catalog().Host,
		Natives: func(string) native.Resolver { return r.Catalog().Natives(im.opts.Report) },
	}
	in := &blocksImport{opts: &im.opts, reader: r, archives: newArchives(ctx, &im.opts, src)}
	w := in.archives
	w.contextOf = in.contextOf
	defer func() { err = errors.Join(err, w.Close()) }()
	if err := in.findGroups(ctx); err != nil {
		return nil, err
	}
	all := w.sorted()
	w.folder = im.opts.SplitBy != "" && (im.opts.Folder || len(all) > 1)
	for part := range slices.Chunk(all, archivesAtOnce) {
		if err := in.write(ctx, part, len(part) == len(all)); err != nil {
			return nil, err
		}
	}
	return w.publish()
}

// blocksImport makes archives of the samples of a Reader.
type blocksImport struct {
	opts     *Options
	reader   *read.Reader
	archives *archives
	// where selects the series of each group, by the group's key. It is nil if groups
	// cannot be selected by labels of the blocks.
	where map[string][][]read.Condition
}

// findGroups finds which series go to which archive: by the values of the label
// that splits if these decide, or else series by series.
func (in *blocksImport) findGroups(ctx context.Context) error {
	split := in.opts.SplitBy
	if len(in.opts.Relabel) > 0 || split != "" && !slices.Contains(hostLabels, split) ||
		split == "instance" && in.reader.Catalog().HasNativeLabel(split) {
		return in.groupsOfSeries(ctx)
	}
	if split == "" {
		split = "instance"
	}
	if err := in.groupsOfValues(ctx, split); err != nil {
		return err
	}
	if in.opts.SplitBy != "" {
		for host := range in.where {
			in.archives.group(host)
		}
		return nil
	}
	all := in.archives.group("")
	if hosts := in.reader.Catalog().Hosts(); len(hosts) == 1 {
		all.labels["hostname"] = hosts[0]
	} else if len(in.where) == 1 {
		for host := range in.where {
			all.labels["hostname"] = host
		}
	}
	return nil
}

// groupsOfValues fills where by the values of a label. Series without instance
// are grouped by hostname.
func (in *blocksImport) groupsOfValues(ctx context.Context, split string) error {
	values, err := in.reader.LabelValues(ctx, split)
	if err != nil {
		return err
	}
	in.where = map[string][][]read.Condition{}
	add := func(host string, where ...read.Condition) { in.where[host] = append(in.where[host], where) }
	for _, v := range values {
		here := read.Condition{Label: split, Values: []string{v}}
		if v != "" || split != "instance" {
			host := hostOfLabel(split, v)
			if split == "hostname" {
				host = in.reader.Catalog().Host(v)
			}
			add(host, here)
			continue
		}
		hosts, err := in.reader.LabelValues(ctx, "hostname", here)
		if err != nil {
			return err
		}
		for _, h := range hosts {
			add(in.reader.Catalog().Host(h), here, read.Condition{Label: "hostname", Values: []string{h}})
		}
	}
	return nil
}

// groupsOfSeries finds the groups of relabelled series, and the hosts that the series
// name.
func (in *blocksImport) groupsOfSeries(ctx context.Context) error {
	const atOnce = 10000 // series that one relabelling stage remembers
	var stage prom.SampleSink
	admit := prom.SinkFunc(func(s *prom.Series, _ []prom.Sample) error {
		in.archives.admit(s)
		return nil
	})
	sample := make([]prom.Sample, 1)
	n := 0
	return in.reader.Series(ctx, func(s *prom.Series) error {
		if n%atOnce == 0 {
			stage = in.opts.Relabel.Before(admit, nil)
		}
		s.ID = n % atOnce
		n++
		return stage.Append(s, sample)
	})
}

// write writes the archives of some groups in one pass over their series. all says
// that there are no other groups. Groups of relabelled series are found among all
// series.
func (in *blocksImport) write(ctx context.Context, groups []*group, all bool) error {
	w := in.archives
	w.groups = map[string]*group{}
	var where [][]read.Condition
	for _, g := range groups {
		w.groups[g.key] = g
		where = append(where, in.where[g.key]...)
	}
	var src prom.SampleSource = in.reader
	if !all && in.where != nil {
		src = in.reader.Where(where...)
	}
	chain := in.opts.Relabel.Before(&watched{archives: w, in: in}, in.opts.Report)
	if err := src.Samples(ctx, chain); err != nil {
		return err
	}
	return chain.Flush(ctx)
}

// contextOf returns the context labels that a host's archive had before it became
// blocks.
func (in *blocksImport) contextOf(_ *group, host string) []prom.Label {
	var all []prom.Label
	for l := range in.reader.Catalog().Context(host).All() {
		all = append(all, prom.Label{Name: l.Name, Value: l.Text()})
	}
	return all
}

// watched is archives that reports the progress of the reading.
type watched struct {
	*archives
	in    *blocksImport
	calls int
}

// Append hands samples on.
func (w *watched) Append(s *prom.Series, batch []prom.Sample) error {
	if w.calls++; w.calls%(1<<16) == 0 && w.in.opts.Progress != nil {
		w.in.opts.Progress(w.in.reader.Done())
	}
	return w.archives.Append(s, batch)
}
