package ingest

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/assemble"
	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/rewrite"
)

// archives is a SampleSink that writes archives of samples, which must ascend by
// time. Each archive is written beside its place until publish.
type archives struct {
	router // drops the series that have no group
	ctx    context.Context
	// contextOf returns the context labels that the input has for the archive of a host; it
	// may be nil.
	contextOf func(g *group, host string) []prom.Label

	made     bool           // this import made the folder Out
	aside    *rewrite.Aside // nil before the first archive begins
	files    *archive.FilePool
	open     []*output
	complete []*output // written, but not yet at their places
	series   []*output // by Series.ID; nil for a dropped series
	placed   []bool    // by Series.ID: whether series has the answer
	calls    int
}

// output is an archive that is being written, or is complete.
type output struct {
	Archive
	group *group
	dst   *assemble.Assembler // nil before the archive begins and once it is closed
}

// filesAtOnce limits the number of files of archives that are open at a time.
const filesAtOnce = 24

func newArchives(ctx context.Context, o *Options, src Source) *archives {
	return &archives{router: newRouter(o, src), ctx: ctx, files: archive.NewFilePool(filesAtOnce)}
}

// reserve fails if the only archive exists already.
func (w *archives) reserve() (err error) {
	w.aside, err = rewrite.NewAside(w.opts.Out)
	return err
}

// Append hands samples to the archive of their series, and exemplars to the
// archive that got their sample.
func (w *archives) Append(s *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		if x.Exemplar != nil {
			if s.ID >= len(w.series) || w.series[s.ID] == nil {
				continue // a dropped series
			}
		} else if a, err := w.archiveFor(s, x.T); a == nil {
			if err != nil {
				return err
			}
			continue
		}
		if err := w.series[s.ID].dst.Append(s, batch[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// archiveFor returns the archive for a sample and counts the sample there. It
// returns nil for a dropped series.
func (w *archives) archiveFor(s *prom.Series, t int64) (*output, error) {
	if w.calls++; w.calls%4096 == 0 {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
	}
	if s.ID >= len(w.series) || !w.placed[s.ID] {
		if err := w.place(s); err != nil {
			return nil, err
		}
	}
	a := w.series[s.ID]
	if a == nil {
		return nil, nil
	}
	if a.Samples == 0 {
		a.Start = time.UnixMilli(t).UTC()
	}
	a.Samples++
	a.End = time.UnixMilli(t).UTC()
	return a, nil
}

// place finds the archive of a new series. The first series of an archive begins
// the archive.
func (w *archives) place(s *prom.Series) error {
	if n := s.ID + 1 - len(w.series); n > 0 {
		w.series = append(w.series, make([]*output, n)...)
		w.placed = append(w.placed, make([]bool, n)...)
	}
	if g := w.groups[w.key(s)]; g != nil {
		if g.dst == nil {
			if err := w.begin(g); err != nil {
				return err
			}
		}
		g.dst.Series++
		w.series[s.ID] = g.dst
	}
	w.placed[s.ID] = true
	return nil
}

// begin begins the archive of a group.
func (w *archives) begin(g *group) error {
	o, host := w.opts, w.hostOf(g)
	m, err := mapper.New(mapper.Options{Prefix: o.Prefix, Host: host, External: w.external(g, host), Report: o.Report})
	if err != nil {
		return &OptionError{err}
	}
	natives := w.nativesOf(g, host)
	path, base, err := w.claim(g)
	if err != nil {
		return err
	}
	a := &output{Archive: Archive{Path: path, Host: host, Unsplit: w.folder && g.key == ""}, group: g}
	w.open = append(w.open, a)
	file, err := archive.Create(base, archive.LocalHeader(host), &archive.WriteOptions{
		Version: o.Version, Buffer: w.buffer(), VolumeSize: o.VolumeSize, NoLock: true, AsIs: true, Files: w.files,
		Compress: o.Compress, CompressLast: o.Compress != archive.CompressNone, Context: w.ctx,
	})
	if err != nil {
		return err
	}
	a.dst = assemble.New(convert.NewToArchive(file), m, assemble.Options{Natives: natives, Report: o.Report})
	g.dst = a
	return nil
}

// claim returns the place of a group's archive, and the base name under which the
// archive is written until it is complete.
func (w *archives) claim(g *group) (path, base string, err error) {
	if !w.folder {
		if w.aside == nil {
			if err := w.reserve(); err != nil {
				return "", "", err
			}
		}
		return w.opts.Out, w.aside.Base(), nil
	}
	if g.name == "" {
		w.sorted()
	}
	if w.aside == nil {
		if err := w.makeFolder(); err != nil {
			return "", "", err
		}
		if w.aside, err = rewrite.NewAsideFolder(w.opts.Out); err != nil {
			return "", "", err
		}
	}
	base, err = w.aside.Add(g.name)
	return filepath.Join(w.opts.Out, g.name), base, err
}

// buffer returns the number of bytes of each archive that may wait in memory. The more
// archives there are, the less each gets.
func (w *archives) buffer() int {
	const all, least, most = 64 << 20, 8 << 10, 128 << 10
	return max(least, min(most, all/max(1, len(w.groups))))
}

// external returns the context labels of an archive: those of the options, and
// those of the input whose names the options leave free.
func (w *archives) external(g *group, host string) []prom.Label {
	all := slices.Clone(w.opts.Labels)
	if w.contextOf == nil {
		return all
	}
	for _, l := range w.contextOf(g, host) {
		given := slices.ContainsFunc(w.opts.Labels, func(o prom.Label) bool { return o.Name == l.Name })
		if !given && l.Name != "hostname" {
			all = append(all, l)
		}
	}
	return all
}

// makeFolder makes the folder of archives unless it exists.
func (w *archives) makeFolder() error {
	if w.made {
		return nil
	}
	if _, err := os.Stat(w.opts.Out); errors.Is(err, fs.ErrNotExist) {
		w.made = true
	}
	return os.MkdirAll(w.opts.Out, 0o777)
}

// nativesOf returns the resolver of an archive, nil if no series can be native. The
// source's own resolver comes first.
func (w *archives) nativesOf(g *group, host string) native.Resolver {
	var chain native.Chain
	if w.src.Natives != nil {
		chain = append(chain, w.src.Natives(cmp.Or(g.labels["hostname"], host)))
	}
	chain = append(chain, w.opts.Natives...)
	switch {
	case len(chain) == 0:
		return nil
	case len(w.opts.Relabel) > 0:
		return relabelledNatives{chain, g.labels, map[*native.Metric]*native.Metric{}}
	}
	return chain
}

// Flush completes the open archives. Samples that follow must belong to other
// groups.
func (w *archives) Flush(ctx context.Context) error {
	for _, a := range w.open {
		if a.dst == nil { // begin failed
			continue
		}
		err := errors.Join(a.dst.Flush(ctx), a.dst.Close())
		a.dst = nil
		if err != nil {
			return err
		}
	}
	w.complete = append(w.complete, w.open...)
	w.open, w.series, w.placed = nil, nil, nil
	return nil
}

// publish moves the complete archives to their places.
func (w *archives) publish() (*Result, error) {
	slices.SortFunc(w.complete, func(a, b *output) int { return strings.Compare(a.Path, b.Path) })
	res := &Result{}
	if len(w.complete) == 0 {
		return res, w.remove()
	}
	if err := w.aside.Publish(); err != nil {
		return res, err
	}
	res.Replaced = w.aside.Replaced()
	for _, a := range w.complete {
		res.Archives = append(res.Archives, a.Archive)
	}
	return res, w.remove()
}

// remove deletes the files that are not at their places.
func (w *archives) remove() error {
	var err error
	for _, a := range w.open {
		if a.dst != nil {
			err = errors.Join(err, a.dst.Close())
		}
	}
	w.open, w.complete, w.series, w.placed = nil, nil, nil, nil
	if w.aside != nil {
		err = errors.Join(err, w.aside.Remove())
	}
	w.aside = nil
	return err
}

// Close deletes unpublished archives, and the folder Out if this import created it and it
// is empty.
func (w *archives) Close() error {
	err := w.remove()
	if w.made {
		_ = os.Remove(w.opts.Out) // fails if the folder is not empty
	}
	return err
}
