package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/convert/prom"
)

// Importer makes archives of Prometheus data. Each call of Samples or Blocks is one
// import: its archives appear together, when they are complete. An existing archive
// is never overwritten, unless it holds no record.
type Importer struct{ opts Options }

// New checks the options, so that a mistake is found before any work. The error is
// an [OptionError].
func New(o Options) (*Importer, error) {
	if o.Out == "" {
		return nil, &OptionError{errors.New("an import needs the name of an archive")}
	}
	if _, err := mapper.New(mapper.Options{Prefix: o.Prefix, Host: o.Host, External: o.Labels}); err != nil {
		return nil, &OptionError{err}
	}
	return &Importer{o}, nil
}

// Samples makes archives of samples, which may come in any order of time. It fails
// before it reads src if the only archive exists.
func (im *Importer) Samples(ctx context.Context, src Source) (res *Result, err error) {
	in := &samplesImport{archives: newArchives(ctx, &im.opts, src), contextLabels: src.ContextLabels}
	in.archives.folder = im.opts.SplitBy != ""
	in.archives.contextOf = in.contextOf
	in.SampleSink = prom.NewSorter(in.archives, prom.SorterOptions{
		Memory: im.opts.Memory, Dir: spillFolder(im.opts.Out), Report: im.opts.Report, KeepFirst: src.KeepFirst,
	})
	chain := im.opts.Relabel.Before(in, im.opts.Report)
	defer func() { err = errors.Join(err, chain.Close()) }()
	if !in.archives.folder {
		if err := in.archives.reserve(); err != nil {
			return nil, err
		}
	}
	if err := src.Samples(ctx, chain); err != nil {
		return nil, err
	}
	if err := chain.Flush(ctx); err != nil {
		return nil, err
	}
	mixed := in.mixed()
	res, err = in.archives.publish()
	if res != nil {
		res.Mixed = mixed
	}
	return res, err
}

// spillFolder returns the folder for the sorter's temporary file: the one that has
// room for the output, too; empty for the system's.
func spillFolder(out string) string {
	dir := filepath.Dir(filepath.Clean(out))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// samplesImport records the host that each series names, and hands samples to the
// sorter.
type samplesImport struct {
	prom.SampleSink // the sorter
	archives        *archives
	contextLabels   func() []string // as of Source; may be nil
	admitted        []bool          // by Series.ID
}

// Append takes samples in any order of time.
func (in *samplesImport) Append(s *prom.Series, batch []prom.Sample) error {
	if s.ID >= len(in.admitted) || !in.admitted[s.ID] {
		for s.ID >= len(in.admitted) {
			in.admitted = append(in.admitted, false)
		}
		in.admitted[s.ID] = true
		in.archives.admit(s)
	}
	return in.SampleSink.Append(s, batch)
}

// contextOf returns the context labels on which all series of a group agree.
func (in *samplesImport) contextOf(g *group, _ string) []prom.Label {
	if in.contextLabels == nil {
		return nil
	}
	var all []prom.Label
	for _, name := range in.contextLabels() {
		if v := g.labels[name]; v != "" {
			all = append(all, prom.Label{Name: name, Value: v})
		}
	}
	return all
}

// mixed returns the archives whose series have context labels of several hosts.
func (in *samplesImport) mixed() []string {
	if in.contextLabels == nil || len(in.contextLabels()) == 0 {
		return nil
	}
	var paths []string
	for _, a := range in.archives.complete {
		if host, known := a.group.labels["hostname"]; known && host == "" {
			paths = append(paths, a.Path)
		}
	}
	return paths
}
