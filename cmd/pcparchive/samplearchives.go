package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
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

// sampleArchives makes archives of samples that come by ascending time. Each is
// written beside its place until publish.
type sampleArchives struct {
	sampleGroups // a series of none is left out
	ctx          context.Context
	report       *prom.Report
	// natives knows native series of the input itself; may be nil.
	natives func(host string) native.Resolver
	// context returns what the input says of a host's archive; may be nil.
	context func(g *sampleGroup, host string) []prom.Label

	made   bool           // the folder was made here
	aside  *rewrite.Aside // of the only archive or of all in the folder; nil before the first
	files  *archive.FilePool
	open   []*sampleArchive
	whole  []*sampleArchive // completed, beside their places
	series []*sampleArchive // by PromSeries.ID
	known  []bool           // of these; one that is known without an archive is left out
	calls  int
	// replaced are archives that were there and held no record.
	replaced []string
}

// sampleArchive is an archive that is written beside its place.
type sampleArchive struct {
	sampleArchiveOutput
	group *sampleGroup
	dst   *assemble.Assembler // nil before it is begun and once it is closed
}

// sampleArchiveOutput is what is printed of an archive.
type sampleArchiveOutput struct {
	Archive string    `json:"archive"`
	Host    string    `json:"host"`
	Series  int       `json:"series"`
	Samples int64     `json:"samples"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	unsplit bool      // its series lack the label that splits
}

// newSampleArchives makes sure that the options make sense before any work.
func newSampleArchives(ctx context.Context, o *sampleOptions, report *prom.Report) (*sampleArchives, error) {
	if o.out == "" {
		return nil, usageError{fmt.Errorf("-o ARCHIVE is missing")}
	}
	if _, err := mapsOf(o.maps); err != nil {
		return nil, usageError{err}
	}
	if _, err := mapper.New(mapper.Options{Prefix: o.prefix, Host: o.host, External: labelsOf(o.external)}); err != nil {
		return nil, usageError{err}
	}
	return &sampleArchives{sampleGroups: newSampleGroups(o), ctx: ctx, report: report, files: archive.NewFilePool(filesAtOnce)}, nil
}

// filesAtOnce is how many files of archives are open at a time.
const filesAtOnce = 24

// reserve makes sure that the only archive is new.
func (w *sampleArchives) reserve() (err error) {
	w.aside, err = rewrite.NewAside(w.opts.out)
	return err
}

// Append hands samples to their archive, exemplars to the one that got the sample.
func (w *sampleArchives) Append(s *prom.Series, batch []prom.Sample) error {
	for i := range batch {
		x := &batch[i]
		if x.Exemplar != nil {
			if s.ID >= len(w.series) || w.series[s.ID] == nil {
				continue // left out
			}
		} else if a, err := w.to(s, x.T); a == nil {
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

// to returns the archive that gets a sample, nil if it is left out.
func (w *sampleArchives) to(s *prom.Series, t int64) (*sampleArchive, error) {
	if w.calls++; w.calls%4096 == 0 {
		if err := w.ctx.Err(); err != nil {
			return nil, err
		}
	}
	if s.ID >= len(w.series) || !w.known[s.ID] {
		if err := w.place(s); err != nil {
			return nil, err
		}
	}
	a := w.series[s.ID]
	if a == nil {
		return nil, nil
	}
	if a.Samples == 0 {
		a.Start = utc(t)
	}
	a.Samples++
	a.End = utc(t)
	return a, nil
}

// place finds the archive of a series, which begins with its first sample.
func (w *sampleArchives) place(s *prom.Series) error {
	if n := s.ID + 1 - len(w.series); n > 0 {
		w.series = append(w.series, make([]*sampleArchive, n)...)
		w.known = append(w.known, make([]bool, n)...)
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
	w.known[s.ID] = true
	return nil
}

// begin begins the archive of a group.
func (w *sampleArchives) begin(g *sampleGroup) error {
	o, host := w.opts, w.host(g)
	m, err := mapper.New(mapper.Options{Prefix: o.prefix, Host: host, External: w.external(g, host), Report: w.report})
	if err != nil {
		return usageError{err}
	}
	natives, err := w.nativesOf(cmp.Or(g.labels["hostname"], host))
	if err != nil {
		return usageError{err}
	}
	if len(o.relabel.rules) > 0 && natives != nil {
		natives = movedNatives{natives, g.labels, map[*native.Metric]*native.Metric{}}
	}
	out, base, err := w.claim(g)
	if err != nil {
		return err
	}
	a := &sampleArchive{sampleArchiveOutput: sampleArchiveOutput{Archive: out, Host: host, unsplit: w.folder && g.key == ""}, group: g}
	w.open = append(w.open, a)
	file, err := archive.Create(base, localHeader(host), &archive.WriteOptions{
		Version: o.version, Buffer: w.buffer(), VolumeSize: int64(o.volumeSize), NoLock: true, AsIs: true, Files: w.files,
		Compress: o.compress, CompressLast: o.compress != archive.CompressNone,
	})
	if err != nil {
		return err
	}
	a.dst = assemble.New(convert.NewToArchive(file), m, assemble.Options{Natives: natives, Report: w.report})
	g.dst = a
	return nil
}

// claim returns the place of a group's archive and where it is written until it
// is complete.
func (w *sampleArchives) claim(g *sampleGroup) (out, base string, err error) {
	if !w.folder {
		if w.aside == nil {
			if err := w.reserve(); err != nil {
				return "", "", err
			}
		}
		return w.opts.out, w.aside.Base(), nil
	}
	if g.name == "" {
		w.sorted()
	}
	if w.aside == nil {
		if err := w.makeFolder(); err != nil {
			return "", "", err
		}
		if w.aside, err = rewrite.NewAsideFolder(w.opts.out); err != nil {
			return "", "", err
		}
	}
	base, err = w.aside.Add(g.name)
	return filepath.Join(w.opts.out, g.name), base, err
}

// buffer returns how many bytes of each archive wait in memory: less if there are
// many archives.
func (w *sampleArchives) buffer() int {
	const all, least, most = 64 << 20, 8 << 10, 128 << 10
	return max(least, min(most, all/max(1, len(w.groups))))
}

// external returns the context labels of an archive: those that were asked for
// and those that its input knows.
func (w *sampleArchives) external(g *sampleGroup, host string) []prom.Label {
	all := labelsOf(w.opts.external)
	if w.context == nil {
		return all
	}
	for _, l := range w.context(g, host) {
		if _, given := w.opts.external[l.Name]; !given && l.Name != "hostname" {
			all = append(all, l)
		}
	}
	return all
}

// makeFolder makes the folder of archives, unless it is there.
func (w *sampleArchives) makeFolder() error {
	if w.made {
		return nil
	}
	if _, err := os.Stat(w.opts.out); errors.Is(err, fs.ErrNotExist) {
		w.made = true
	}
	return os.MkdirAll(w.opts.out, 0o777)
}

// nativesOf returns what knows the native series of an archive: what the input
// says comes before the maps.
func (w *sampleArchives) nativesOf(host string) (native.Resolver, error) {
	var all chainedNatives
	if w.natives != nil {
		all = append(all, w.natives(host))
	}
	maps, err := mapsOf(w.opts.maps)
	if all = append(all, maps...); len(all) == 0 {
		return nil, err
	}
	return all, err
}

// Flush completes the archives that are open. Further samples are of other
// groups.
func (w *sampleArchives) Flush(ctx context.Context) error {
	for _, a := range w.open {
		if a.dst == nil { // it could not be begun
			continue
		}
		err := errors.Join(a.dst.Flush(ctx), a.dst.Close())
		a.dst = nil
		if err != nil {
			return err
		}
	}
	w.whole = append(w.whole, w.open...)
	w.open, w.series, w.known = nil, nil, nil
	return nil
}

// publish moves the archives that Flush completed to their places and returns
// them in order of name.
func (w *sampleArchives) publish() ([]sampleArchiveOutput, error) {
	slices.SortFunc(w.whole, func(a, b *sampleArchive) int { return strings.Compare(a.Archive, b.Archive) })
	done := []sampleArchiveOutput{}
	if len(w.whole) == 0 {
		return done, w.remove()
	}
	if err := w.aside.Publish(); err != nil {
		return done, err
	}
	w.replaced = w.aside.Replaced()
	for _, a := range w.whole {
		done = append(done, a.sampleArchiveOutput)
	}
	return done, w.remove()
}

// remove drops what is left beside the places of archives.
func (w *sampleArchives) remove() error {
	var err error
	for _, a := range w.open {
		if a.dst != nil {
			err = errors.Join(err, a.dst.Close())
		}
	}
	w.whole = append(w.whole, w.open...)
	w.open, w.series, w.known = nil, nil, nil
	if w.aside != nil {
		err = errors.Join(err, w.aside.Remove())
	}
	w.aside, w.whole = nil, nil
	return err
}

// Close drops what is not published.
func (w *sampleArchives) Close() error {
	err := w.remove()
	if w.made {
		_ = os.Remove(w.opts.out) // only if it is empty
	}
	return err
}
