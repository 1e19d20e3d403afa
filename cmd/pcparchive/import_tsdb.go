package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/nativemap"
	"github.com/pcparchive/pcparchive/convert/tsdb"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

type importTSDBOptions struct {
	sampleOptions
	match      []string
	start, end string
}

// splitNone is the value of --split-by that makes one archive.
const splitNone = "none"

func newImportTSDBCmd(s streams) *cobra.Command {
	var o importTSDBOptions
	cmd := &cobra.Command{
		Use:   "tsdb BLOCK|DATA... -o ARCHIVE",
		Short: "Turn Prometheus TSDB blocks into archives",
		Long: `Turn Prometheus TSDB blocks into PCP archives: single blocks, folders of them, or
a server's data folder, whose write-ahead log is read too, so that it need not be
stopped. Nothing is written to the input, which may be on read-only media. Blocks
may overlap: a sample that several have is taken once. What is damaged is named
and the rest is read.

Each host gets an archive of its own: its series are those whose label 'instance'
begins with the host, or that have none and whose label 'hostname' is the host.
With --split-by LABEL it is each value of that label, and with --split-by none all
goes to one archive. If there is one host, ARCHIVE is the archive's name; if there
are more, it is a folder, and the archives in it are named after the hosts, with
_ for any character but letters, digits, dots and dashes.

Blocks that pcparchive made of archives tell which PCP metrics their series were;
these become those metrics again. All others are named openmetrics.JOB.…

An archive that exists is never overwritten, and one appears when it is complete.
Many hosts are done 64 at a time, so the number of files that are open and the
memory do not depend on how many there are.`,
		Example: `  pcparchive import tsdb /var/lib/prometheus/data -o archives
  pcparchive import tsdb 01JD0C4RZ4GJYX2MCGNV9N7B2V -o rec --split-by none
  pcparchive import tsdb data -o node3 --match '{instance="node3:9100"}' --start 2026-11-01 --end 2026-11-02`,
		Args: nargs(1, -1, "at least one block or folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return runImportTSDB(cmd.Context(), s, o, args) },
	}
	o.add(cmd, "instance")
	o.memory = tsdb.DefaultReadMemory
	f := cmd.Flags()
	f.StringArrayVar(&o.match, "match", nil, "only series that this PromQL selector selects; may be repeated: any of them")
	f.StringVar(&o.start, "start", "", "leave out what is earlier: "+timeHelp+"; the zone is UTC, and archive stands for the input")
	f.StringVar(&o.end, "end", "", "leave out what is later")
	memory := f.Lookup("sort-memory")
	memory.Usage, memory.DefValue = "memory for bringing samples into order of time; series need about 1 KiB each besides", o.memory.String()
	return cmd
}

// importTSDBOutput is what import tsdb prints.
type importTSDBOutput struct {
	Archives []sampleArchiveOutput `json:"archives"`
	Losses   []convert.LossCount   `json:"losses"`
}

func runImportTSDB(ctx context.Context, s streams, o importTSDBOptions, paths []string) error {
	if o.out == "" {
		return usageError{fmt.Errorf("-o ARCHIVE is missing")}
	}
	if o.splitBy == "" {
		o.splitBy = splitNone
	}
	report := &convert.Report{}
	damages := &damageLog{s: s}
	r, err := tsdb.OpenReader(ctx, paths, tsdb.ReadOptions{
		Match: o.match, Memory: int64(o.memory), Report: report, Damaged: damages.add,
	})
	if err != nil {
		return err
	}
	i := &tsdbImport{o: o, r: r, report: report, view: newByteProgress(s, "reading", r.Size())}
	err = i.run(ctx)
	i.view.clear()
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	damages.rest()
	out := importTSDBOutput{Archives: i.done, Losses: report.Losses()}
	if o.output == outputJSON {
		err = writeJSON(s.out, out)
	} else {
		err = printImported(s.out, out.Archives)
	}
	return cmp.Or(err, sayLosses(s, report))
}

func printImported(w io.Writer, all []sampleArchiveOutput) error {
	const layout = "2006-01-02 15:04:05 MST"
	for _, a := range all {
		_, err := fmt.Fprintf(w, "%s  %s  %s to %s  %d series  %s samples\n", a.Archive, a.Host,
			a.Start.Format(layout), a.End.Format(layout), a.Series, humanize.Comma(a.Samples))
		if err != nil {
			return err
		}
	}
	return nil
}

// damageLog names damage, but not all if there is a lot of it.
type damageLog struct {
	s streams
	n int64
}

const damagesShown = 20

func (l *damageLog) add(d *tsdb.Damage) {
	if l.n++; l.n <= damagesShown {
		fmt.Fprintf(l.s.err, "%v\n", d)
	}
}

func (l *damageLog) rest() {
	if l.n > damagesShown {
		fmt.Fprintf(l.s.err, "and %d more that could not be read\n", l.n-damagesShown)
	}
}

// tsdbSpan makes the input what times on the command line are relative to.
type tsdbSpan struct{ start, end int64 }

// Header has the time at which the input starts.
func (t tsdbSpan) Header() *archive.Header {
	return &archive.Header{Start: pcp.TimestampMilli(t.start)}
}

// End returns the time of the last sample.
func (t tsdbSpan) End() (pcp.Timestamp, error) { return pcp.TimestampMilli(t.end), nil }

// Location returns UTC: blocks know of no zone.
func (tsdbSpan) Location() *time.Location { return time.UTC }

// tsdbImport makes archives of what a Reader has.
type tsdbImport struct {
	o      importTSDBOptions
	r      *tsdb.Reader
	report *convert.Report
	view   byteProgress
	many   bool
	bases  map[string]string // by host, if there are many
	done   []sampleArchiveOutput
}

// importGroup is the series of an archive.
type importGroup struct {
	host  string
	where [][]tsdb.Condition
}

// archivesAtOnce bounds how many archives are written at a time.
const archivesAtOnce = 64

func (i *tsdbImport) run(ctx context.Context) error {
	if err := i.limit(); err != nil {
		return err
	}
	groups, err := i.groups(ctx)
	if err != nil {
		return err
	}
	i.many, i.bases, i.done = len(groups) > 1, map[string]string{}, []sampleArchiveOutput{}
	taken := map[string]bool{}
	for _, g := range groups {
		i.bases[g.host] = freeName(taken, g.host)
	}
	if i.many {
		if err := os.MkdirAll(i.o.out, 0o777); err != nil {
			return err
		}
	}
	for part := range slices.Chunk(groups, archivesAtOnce) {
		if err := i.part(ctx, part); err != nil {
			return err
		}
	}
	if len(i.done) == 0 {
		return fmt.Errorf("there are no samples to import, so no archive was written")
	}
	return nil
}

// freeName returns the name of a host's archive in a folder. Of equal ones, which
// for some file systems do not differ in case either, the later get a number.
func freeName(taken map[string]bool, host string) string {
	const most = 200 // bytes, which with the ends of names every file system takes
	name := archiveFileName(cmp.Or(host, unknownHost))
	name = name[:min(len(name), most)]
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

// unknownHost is the host of data that names none.
const unknownHost = "unknown"

// limit applies --start and --end.
func (i *tsdbImport) limit() error {
	if i.o.start == "" && i.o.end == "" {
		return nil
	}
	var span tsdbSpan
	span.start, span.end, _ = i.r.Span()
	var times [2]int64
	for n, text := range []string{i.o.start, i.o.end} {
		if text == "" {
			continue
		}
		t, err := parseTime(text, span)
		if err != nil {
			return err
		}
		times[n] = t.Milli()
		if n == 0 && t.Nsec%1e6 != 0 {
			times[n]++ // the first millisecond that is not earlier
		}
	}
	if times[1] != 0 && times[0] > times[1] {
		return usageError{fmt.Errorf("--start %s is later than --end %s", i.o.start, i.o.end)}
	}
	i.r.Limit(times[0], times[1])
	return nil
}

// groups returns what goes to which archive, by host.
func (i *tsdbImport) groups(ctx context.Context) ([]importGroup, error) {
	split := i.o.splitBy
	if split == splitNone {
		split = "instance"
	}
	values, err := i.r.LabelValues(ctx, split)
	if err != nil {
		return nil, err
	}
	byHost := map[string]*importGroup{}
	add := func(host string, where ...tsdb.Condition) {
		g, ok := byHost[host]
		if !ok {
			g = &importGroup{host: host}
			byHost[host] = g
		}
		g.where = append(g.where, where)
	}
	for _, v := range values {
		here := tsdb.Condition{Label: split, Values: []string{v}}
		if v != "" || split != "instance" {
			add(i.hostOf(v), here)
			continue
		}
		hosts, err := i.r.LabelValues(ctx, "hostname", here)
		if err != nil {
			return nil, err
		}
		for _, h := range hosts {
			add(i.r.Host(h), here, tsdb.Condition{Label: "hostname", Values: []string{h}})
		}
	}
	groups := make([]importGroup, 0, len(byHost))
	for _, g := range byHost {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b importGroup) int { return strings.Compare(a.host, b.host) })
	if i.o.splitBy == splitNone && len(groups) > 0 {
		all := importGroup{where: [][]tsdb.Condition{{}}}
		if hosts := i.r.Hosts(); len(hosts) == 1 {
			all.host = hosts[0]
		} else if len(groups) == 1 {
			all.host = groups[0].host
		}
		return []importGroup{all}, nil
	}
	return groups, nil
}

// hostOf returns the host that a label's value stands for.
func (i *tsdbImport) hostOf(value string) string {
	if i.o.splitBy == "instance" || i.o.splitBy == splitNone {
		return convert.HostOnly(value)
	}
	return value
}

// part writes the archives of some groups in one pass over their series.
func (i *tsdbImport) part(ctx context.Context, groups []importGroup) (err error) {
	sink := &tsdbSplitter{i: i, groups: map[string]*tsdbArchive{}}
	defer func() {
		for _, a := range sink.archives {
			err = errors.Join(err, a.aside.Remove())
		}
	}()
	var src convert.SampleSource = i.r
	if i.many {
		var where [][]tsdb.Condition
		for _, g := range groups {
			where = append(where, g.where...)
		}
		src = i.r.Where(where...)
	} else if len(groups) == 1 {
		sink.host = &groups[0].host
	}
	err = src.Samples(ctx, i.o.relabel.before(sink, i.report))
	for _, a := range sink.archives {
		err = errors.Join(err, a.dst.Close())
	}
	if err != nil {
		return err
	}
	slices.SortFunc(sink.archives, func(a, b *tsdbArchive) int { return strings.Compare(a.Archive, b.Archive) })
	for _, a := range sink.archives {
		if err := a.aside.Publish(); err != nil {
			return err
		}
		i.done = append(i.done, a.sampleArchiveOutput)
	}
	return nil
}

// tsdbArchive is an archive that is written beside its place.
type tsdbArchive struct {
	sampleArchiveOutput
	aside *rewrite.Aside
	dst   *convert.Assembler
}

// begin begins the archive of a host.
func (i *tsdbImport) begin(host string) (*tsdbArchive, error) {
	o := &i.o
	base, name := o.out, cmp.Or(o.host, host, unknownHost)
	if i.many {
		base, name = filepath.Join(o.out, i.bases[host]), cmp.Or(host, o.host, unknownHost)
	}
	m, err := convert.NewMapper(convert.MapperOptions{Prefix: o.prefix, Host: name, External: i.context(name), Report: i.report})
	if err != nil {
		return nil, usageError{err}
	}
	natives := chainedNatives{tsdb.NewNatives(i.report)}
	for _, of := range o.maps {
		n, err := nativemap.New(of)
		if err != nil {
			return nil, usageError{err}
		}
		natives = append(natives, n)
	}
	aside, err := rewrite.NewAside(base)
	if err != nil {
		return nil, err
	}
	a, err := archive.Create(aside.Base(), localHeader(name), &archive.WriteOptions{
		Version: o.version, Buffer: 128 << 10, VolumeSize: int64(o.volumeSize),
		Compress: o.compress, CompressLast: o.compress != archive.CompressNone,
	})
	if err != nil {
		return nil, errors.Join(err, aside.Remove())
	}
	return &tsdbArchive{
		sampleArchiveOutput: sampleArchiveOutput{Archive: base, Host: name}, aside: aside,
		dst: convert.NewAssembler(convert.NewToArchive(a), m, convert.AssemblerOptions{Natives: natives, Report: i.report}),
	}, nil
}

// context returns the labels of a host's archive: those that were asked for and
// those that its archive had before.
func (i *tsdbImport) context(host string) []convert.Label {
	external := labelsOf(i.o.external)
	for l := range i.r.Context(host).All() {
		if _, given := i.o.external[l.Name]; !given && l.Name != "hostname" {
			external = append(external, convert.Label{Name: l.Name, Value: l.Text()})
		}
	}
	return external
}

// tsdbSplitter hands samples to the archives of their hosts. An archive is begun
// with its first sample.
type tsdbSplitter struct {
	i        *tsdbImport
	host     *string                 // of all samples, unless they are of many
	groups   map[string]*tsdbArchive // by host
	archives []*tsdbArchive
	series   []*tsdbArchive // by PromSeries.ID
	n        int
}

// Sample hands a sample on.
func (t *tsdbSplitter) Sample(s *convert.PromSeries, at int64, v float64) error {
	a, err := t.to(s, at)
	if err != nil {
		return err
	}
	return a.dst.Sample(s, at, v)
}

// Histogram hands a native histogram on.
func (t *tsdbSplitter) Histogram(s *convert.PromSeries, at int64, data []byte) error {
	a, err := t.to(s, at)
	if err != nil {
		return err
	}
	return a.dst.Histogram(s, at, data)
}

// to returns the archive that gets a sample.
func (t *tsdbSplitter) to(s *convert.PromSeries, at int64) (*tsdbArchive, error) {
	if s.ID >= len(t.series) || t.series[s.ID] == nil {
		if err := t.admit(s); err != nil {
			return nil, err
		}
	}
	a := t.series[s.ID]
	if a.Samples == 0 {
		a.Start = utc(at)
	}
	a.Samples++
	a.End = utc(at)
	if t.n++; t.n%(1<<16) == 0 {
		t.i.view.set(t.i.r.Done())
	}
	return a, nil
}

// admit finds the archive of a series.
func (t *tsdbSplitter) admit(s *convert.PromSeries) error {
	var host string
	if t.host != nil {
		host = *t.host
	} else {
		host = t.i.hostOfSeries(s)
	}
	a, ok := t.groups[host]
	if !ok {
		var err error
		if a, err = t.i.begin(host); err != nil {
			return err
		}
		t.groups[host] = a
		t.archives = append(t.archives, a)
	}
	for s.ID >= len(t.series) {
		t.series = append(t.series, nil)
	}
	t.series[s.ID] = a
	a.Series++
	return nil
}

// hostOfSeries returns the host in whose archive a series goes.
func (i *tsdbImport) hostOfSeries(s *convert.PromSeries) string {
	value := seriesLabel(s, i.o.splitBy)
	if value == "" && i.o.splitBy == "instance" {
		return i.r.Host(seriesLabel(s, "hostname"))
	}
	return i.hostOf(value)
}
