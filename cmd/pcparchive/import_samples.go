package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/nativemap"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// sampleOptions are the flags of the verbs that make archives of stored
// Prometheus data.
type sampleOptions struct {
	out      string
	prefix   string
	host     string
	external map[string]string
	splitBy  string
	maps     []string
	version  pcp.Version
	memory   byteSize
	output   outputFormat
	relabel  relabelFlag

	volumeSize byteSize
	compress   archive.Compression
}

// samplesHelp describes what those verbs have in common.
const samplesHelp = `Each pair of the labels job and instance is a source of its own, whose metrics are
called openmetrics.SOURCE.… The archive's host is that of the label 'hostname', or
of 'instance', if all series agree. --split-by LABEL makes an archive for each
value of a label, in the folder that -o names; of 'instance' the host counts.
--map node_exporter records what PCP measures itself under PCP's own names.

An archive that exists is never overwritten; what -o names appears when it is
complete.`

// add adds the flags to a command. splitBy is the default of --split-by.
func (o *sampleOptions) add(cmd *cobra.Command, splitBy string) {
	o.memory = convert.DefaultSorterMemory
	f := cmd.Flags()
	f.StringVarP(&o.out, "output-archive", "o", "", "archive to write, or with --split-by the folder of archives")
	f.StringVar(&o.prefix, "prefix", "", "first component of names; default: openmetrics")
	f.StringVar(&o.host, "host", "", "host name of the archive")
	f.StringToStringVar(&o.external, "label", nil, "context label, as name=value; may be repeated")
	f.StringVar(&o.splitBy, "split-by", splitBy, "one archive for each value of this label, named by it")
	f.StringSliceVar(&o.maps, "map", nil, "record the metrics of an exporter as PCP's own: "+strings.Join(nativemap.Names(), ", "))
	addRelabelFlag(cmd, &o.relabel)
	f.Var(&o.memory, "sort-memory", "memory for bringing samples into order of time; what is more goes to a temporary file")
	addVersionFlag(cmd, &o.version, "archive format, 2 or 3; default: 3")
	addVolumeFlags(cmd, &o.volumeSize, &o.compress, "volumes")
	addOutputFlag(cmd, &o.output)
	completeFlag(cmd, "map", nativemap.Names()...)
}

// importing takes the samples of an import, in any order, and makes archives of
// them.
type importing struct {
	ctx    context.Context
	opts   sampleOptions
	report *convert.Report
	// natives knows native series of the source itself; may be nil.
	natives func(host string) convert.Natives
	// contextLabels are labels that belong to the archive where all series that
	// have them agree.
	contextLabels func() []string

	sorter *convert.Sorter
	names  map[string]bool           // of archives, if there are many
	folder bool                      // the folder for them was made here
	groups map[string]*sampleArchive // by value of the label that splits
	series []*sampleArchive          // by PromSeries.ID
	calls  int
}

// sampleArchive is one archive.
type sampleArchive struct {
	key    string
	labels map[string]string // of host and context, "" where they differ
	aside  *rewrite.Aside
	dst    *convert.Assembler
	out    sampleArchiveOutput
}

// sampleArchiveOutput is what is printed of an archive.
type sampleArchiveOutput struct {
	Archive string    `json:"archive"`
	Host    string    `json:"host"`
	Series  int       `json:"series"`
	Samples int64     `json:"samples"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
}

// newImporting makes sure that the output is new. Its user gives it samples and
// calls finish, and close in any case.
func newImporting(ctx context.Context, o sampleOptions, report *convert.Report) (*importing, error) {
	if o.out == "" {
		return nil, usageError{fmt.Errorf("-o ARCHIVE is missing")}
	}
	for _, name := range o.maps {
		if _, err := nativemap.New(name); err != nil {
			return nil, usageError{err}
		}
	}
	// What is wrong with names and labels is wrong before any work.
	if _, err := convert.NewMapper(convert.MapperOptions{Prefix: o.prefix, Host: o.host, External: labelsOf(o.external)}); err != nil {
		return nil, usageError{err}
	}
	im := &importing{ctx: ctx, opts: o, report: report, names: map[string]bool{}, groups: map[string]*sampleArchive{}}
	if o.splitBy == "" {
		a, err := rewrite.NewAside(o.out)
		if err != nil {
			return nil, err
		}
		im.groups[""] = &sampleArchive{labels: map[string]string{}, aside: a}
	} else if entries, err := os.ReadDir(o.out); err == nil && len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(err, fmt.Errorf("%s: %w and is not empty; choose another folder", o.out, fs.ErrExist))
	}
	spill := filepath.Dir(filepath.Clean(o.out)) // where there is room for the output, too
	if !isFolder(spill) {
		spill = ""
	}
	im.sorter = convert.NewSorter(sortedSamples{im}, convert.SorterOptions{Memory: int64(o.memory), Dir: spill, Report: report})
	return im, nil
}

// Sample takes a sample in any order of time.
func (im *importing) Sample(s *convert.PromSeries, t int64, v float64) error {
	if s.ID >= len(im.series) || im.series[s.ID] == nil {
		im.admit(s)
	}
	return im.sorter.Sample(s, t, v)
}

// Histogram takes a native histogram in any order of time.
func (im *importing) Histogram(s *convert.PromSeries, t int64, data []byte) error {
	if s.ID >= len(im.series) || im.series[s.ID] == nil {
		im.admit(s)
	}
	return im.sorter.Histogram(s, t, data)
}

// samplesHostLabels name the host of a series.
var samplesHostLabels = []string{"hostname", "instance"}

// archiveOther is the name of what lacks the label that splits.
const archiveOther = "other"

// admit puts a series into its archive and notes what it tells of the host.
func (im *importing) admit(s *convert.PromSeries) {
	for s.ID >= len(im.series) {
		im.series = append(im.series, nil)
	}
	key := ""
	if im.opts.splitBy != "" {
		if key = samplesHost(im.opts.splitBy, seriesLabel(s, im.opts.splitBy)); key == "" {
			key = archiveOther
		}
	}
	g := im.groups[key]
	if g == nil {
		g = &sampleArchive{key: key, labels: map[string]string{}}
		im.groups[key] = g
	}
	im.series[s.ID] = g
	g.out.Series++
	for _, l := range s.Labels {
		value := samplesHost(l.Name, l.Value)
		if known, ok := g.labels[l.Name]; ok && known != value {
			value = ""
		}
		g.labels[l.Name] = value
	}
}

// samplesHost returns what a label says of a host.
func samplesHost(label, value string) string {
	if label == "instance" {
		return convert.HostOnly(value)
	}
	return value
}

func seriesLabel(s *convert.PromSeries, name string) string {
	for _, l := range s.Labels {
		if l.Name == name {
			return l.Value
		}
	}
	return ""
}

// sortedSamples is where the sorter's samples go: to their archives.
type sortedSamples struct{ *importing }

// Sample takes samples by ascending time.
func (im sortedSamples) Sample(s *convert.PromSeries, t int64, v float64) error {
	g, err := im.to(s, t)
	if err != nil {
		return err
	}
	return g.dst.Sample(s, t, v)
}

// Histogram takes native histograms by ascending time.
func (im sortedSamples) Histogram(s *convert.PromSeries, t int64, data []byte) error {
	g, err := im.to(s, t)
	if err != nil {
		return err
	}
	return g.dst.Histogram(s, t, data)
}

// to returns the archive that gets a sample.
func (im sortedSamples) to(s *convert.PromSeries, t int64) (*sampleArchive, error) {
	if im.calls++; im.calls%4096 == 0 {
		if err := im.ctx.Err(); err != nil {
			return nil, err
		}
	}
	g := im.series[s.ID]
	if g.dst == nil {
		if err := im.open(g, t); err != nil {
			return nil, err
		}
	}
	g.out.Samples++
	g.out.End = utc(t)
	return g, nil
}

// Close completes the archives.
func (im sortedSamples) Close() error {
	var err error
	for _, g := range im.groups {
		if g.dst != nil {
			err = errors.Join(err, g.dst.Close())
			g.dst = nil
		}
	}
	return err
}

// open begins an archive. All series are known by now.
func (im *importing) open(g *sampleArchive, t int64) error {
	host := im.opts.host
	for _, l := range samplesHostLabels {
		host = cmp.Or(host, g.labels[l])
	}
	if host == "" || convert.IsLoopback(host) && im.opts.host == "" {
		host = commonHost(nil)
	}
	external := labelsOf(im.opts.external)
	if im.contextLabels != nil {
		for _, name := range im.contextLabels() {
			if v := g.labels[name]; v != "" && im.opts.external[name] == "" && name != "hostname" {
				external = append(external, convert.Label{Name: name, Value: v})
			}
		}
	}
	m, err := convert.NewMapper(convert.MapperOptions{Prefix: im.opts.prefix, Host: host, External: external, Report: im.report})
	if err != nil {
		return err
	}
	natives, err := im.nativesOf(host)
	if err != nil {
		return err
	}
	g.out.Archive, g.out.Host, g.out.Start = im.opts.out, host, utc(t)
	if g.aside == nil {
		if _, err := os.Stat(im.opts.out); errors.Is(err, fs.ErrNotExist) {
			im.folder = true
		}
		if err := os.MkdirAll(im.opts.out, 0o777); err != nil {
			return err
		}
		g.out.Archive = filepath.Join(im.opts.out, freeName(im.names, g.key))
		if g.aside, err = rewrite.NewAside(g.out.Archive); err != nil {
			return err
		}
	}
	a, err := archive.Create(g.aside.Base(), localHeader(host), &archive.WriteOptions{
		Version: im.opts.version, Buffer: 128 << 10, VolumeSize: int64(im.opts.volumeSize),
		Compress: im.opts.compress, CompressLast: im.opts.compress != archive.CompressNone,
	})
	if err != nil {
		return err
	}
	g.dst = convert.NewAssembler(convert.NewToArchive(a), m, convert.AssemblerOptions{Natives: natives, Report: im.report})
	return nil
}

// nativesOf returns what knows the native series of an archive: what the source
// says comes before the maps.
func (im *importing) nativesOf(host string) (convert.Natives, error) {
	var all chainedNatives
	if im.natives != nil {
		all = append(all, im.natives(host))
	}
	for _, name := range im.opts.maps {
		m, err := nativemap.New(name)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// chainedNatives asks each in turn.
type chainedNatives []convert.Natives

// Places returns those of the first that knows the series.
func (c chainedNatives) Places(s *convert.PromSeries) []convert.Place {
	for _, n := range c {
		if places := n.Places(s); len(places) > 0 {
			return places
		}
	}
	return nil
}

// finish completes the archives, moves them to their place and says what they
// are.
func (im *importing) finish(s streams) error {
	if err := im.sorter.Close(); err != nil {
		return err
	}
	groups := slices.SortedFunc(maps.Values(im.groups), func(a, b *sampleArchive) int { return strings.Compare(a.out.Archive, b.out.Archive) })
	if len(groups) == 0 || groups[0].out.Samples == 0 {
		return errors.New("no samples: nothing was written")
	}
	for _, g := range groups {
		if err := g.aside.Publish(); err != nil {
			return err
		}
	}
	out := struct {
		Archives []sampleArchiveOutput `json:"archives"`
		Losses   []convert.LossCount   `json:"losses"`
	}{Losses: im.report.Losses()}
	for _, g := range groups {
		out.Archives = append(out.Archives, g.out)
	}
	if im.opts.output == outputJSON {
		if err := writeJSON(s.out, out); err != nil {
			return err
		}
		return sayLosses(s, im.report)
	}
	err := printImported(s.out, out.Archives)
	im.sayHosts(s, groups)
	return cmp.Or(err, sayLosses(s, im.report))
}

// sayHosts tells of archives in which metrics of PCP are none because they are of
// several hosts.
func (im *importing) sayHosts(s streams, groups []*sampleArchive) {
	if im.contextLabels == nil || len(im.contextLabels()) == 0 {
		return
	}
	for _, g := range groups {
		if host, known := g.labels["hostname"]; known && host == "" {
			fmt.Fprintf(s.err, "%s: pages of several hosts: --split-by hostname gives each an archive, in which PCP's metrics are PCP's again\n", g.out.Archive)
		}
	}
}

// close drops what is not finished.
func (im *importing) close() error {
	err := errors.Join(im.sorter.Discard(), sortedSamples{im}.Close())
	for _, g := range im.groups {
		if g.aside != nil {
			err = errors.Join(err, g.aside.Remove())
		}
	}
	if im.folder {
		_ = os.Remove(im.opts.out) // only if it is empty
	}
	return err
}

// archiveFileName turns a label's value into the name of an archive: one
// component of a path, visible, and not with an end that makes it a file of
// another archive.
func archiveFileName(value string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		return '_'
	}, value)
	if strings.HasPrefix(name, ".") || name == "" {
		name = "_" + name
	}
	end := name[strings.LastIndexByte(name, '.')+1:]
	if strings.Trim(end, "0123456789") == "" || end == "meta" || end == "index" {
		name = strings.ReplaceAll(name, ".", "_")
	}
	return name
}

// fileInput is a file that is read, or standard input, with its progress.
type fileInput struct {
	name string
	size int64 // -1: not known
	time time.Time
}

// statInputs looks at the files that were named. A folder stands for the files
// in it whose names end in one of some ways, in order of name.
func statInputs(names []string, suffixes ...string) ([]fileInput, error) {
	var all []fileInput
	for _, name := range names {
		if name == "-" {
			all = append(all, fileInput{name: "standard input", size: -1, time: time.Now()})
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			all = append(all, fileInput{name, info.Size(), info.ModTime()})
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		found := 0
		for _, e := range entries {
			info, err := os.Stat(filepath.Join(name, e.Name()))
			if err != nil || !info.Mode().IsRegular() || !slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(e.Name(), s) }) {
				continue
			}
			all = append(all, fileInput{filepath.Join(name, e.Name()), info.Size(), info.ModTime()})
			found++
		}
		if found == 0 {
			return nil, fmt.Errorf("%s: no file in it ends in %s", name, strings.Join(suffixes, " or "))
		}
	}
	return all, nil
}
