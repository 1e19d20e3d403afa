package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb"
	"github.com/pcparchive/pcparchive/pcp"
)

type importTSDBOptions struct {
	sampleOptions
	match      matchFlag
	start, end string
	splitGiven bool // --split-by was: archives go to a folder, be it one
}

func newImportTSDBCmd(s streams) *cobra.Command {
	var o importTSDBOptions
	cmd := &cobra.Command{
		Use:   "tsdb BLOCK|DATA... -o ARCHIVE",
		Short: "Turn Prometheus TSDB blocks into archives",
		Long: `Turn Prometheus TSDB blocks into PCP archives: single blocks, folders of them, or
a server's data folder, whose write-ahead log is read too, so that it need not be
stopped. Nothing is written to the input, which may be on read-only media. Blocks
may overlap: a sample that several have is taken once. What is damaged is named
and the rest is read. Blocks that Thanos downsampled give the average of each
interval, and counters at its end, where no block has finer data.

Each host gets an archive of its own: its series are those whose label 'instance'
begins with the host, or that have none and whose label 'hostname' is the host.
If there is one host, ARCHIVE is the archive's name; if there are more, it is a
folder, and the archives in it are named after the hosts, with _ for any character
but letters, digits, dots and dashes; what names no host is called other. With
--split-by LABEL each value of that label gets an archive, always in a folder, and
with --split-by none all goes to one. --relabel comes before the splitting.

Blocks that pcparchive made of archives tell which PCP metrics their series were;
these become those metrics again. All others are named openmetrics.JOB.…

An archive that exists is never overwritten; what -o names appears when it is
complete. Many hosts are done 64 at a time, so the number of files that are open
and the memory do not depend on how many there are.`,
		Example: `  pcparchive import tsdb /var/lib/prometheus/data -o archives
  pcparchive import from tsdb /var/lib/prometheus/data -o archives
  pcparchive import tsdb 01JD0C4RZ4GJYX2MCGNV9N7B2V -o rec --split-by none
  pcparchive import tsdb data -o node3 --match '{instance="node3:9100"}' --start 2026-11-01 --end 2026-11-02`,
		Args: nargs(1, -1, "at least one block or folder"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.splitGiven = cmd.Flags().Changed("split-by")
			return runImportTSDB(cmd.Context(), s, o, args)
		},
	}
	o.add(cmd, "instance")
	o.memory = tsdb.DefaultReadMemory
	f := cmd.Flags()
	addMatchFlag(cmd, &o.match)
	f.StringVar(&o.start, "start", "", "leave out what is earlier: "+timeHelp+"; archive stands for the input")
	f.StringVar(&o.end, "end", "", "leave out what is later")
	memory := f.Lookup("sort-memory")
	memory.Usage, memory.DefValue = "memory for bringing samples into order of time; series need about 1 KiB each besides", o.memory.String()
	return cmd
}

func runImportTSDB(ctx context.Context, s streams, o importTSDBOptions, paths []string) (err error) {
	report := &prom.Report{}
	w, err := newSampleArchives(ctx, &o.sampleOptions, report)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	damages := &damageLog{s: s}
	r, err := tsdb.OpenReader(ctx, paths, tsdb.ReadOptions{
		Match: o.match, Memory: int64(o.memory), Report: report, Damaged: damages.addBlock,
	})
	if err != nil {
		return err
	}
	i := &tsdbImport{o: o, r: r, archives: w, view: newByteProgress(s, "reading", r.Size())}
	err = i.run(ctx)
	i.view.clear()
	damages.rest()
	sayReplaced(s, w.replaced)
	if err = errors.Join(err, r.Close()); err != nil {
		return err
	}
	return cmp.Or(tellImported(s, &o.sampleOptions, i.done, report), damages.skipped())
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
	o        importTSDBOptions
	r        *tsdb.Reader
	archives *sampleArchives
	view     byteProgress
	where    map[string][][]tsdb.Condition // which series a group has, by its key
	done     []sampleArchiveOutput
}

// archivesAtOnce bounds how many archives are written at a time.
const archivesAtOnce = 64

func (i *tsdbImport) run(ctx context.Context) error {
	if err := i.limit(); err != nil {
		return err
	}
	w := i.archives
	w.natives = func(string) native.Resolver { return i.r.Natives(w.report) }
	w.context, w.hostOf, w.ofEndpoint = i.context, i.r.Host, originOfEndpoint
	if err := i.groups(ctx); err != nil {
		return err
	}
	all := w.sorted()
	w.folder = i.o.split() != "" && (i.o.splitGiven || len(all) > 1)
	for part := range slices.Chunk(all, archivesAtOnce) {
		if err := i.part(ctx, part, len(part) == len(all)); err != nil {
			return err
		}
	}
	var err error
	if i.done, err = w.publish(); err == nil && len(i.done) == 0 {
		err = errNoSamples
	}
	return err
}

// limit applies --start and --end.
func (i *tsdbImport) limit() error {
	if i.o.start == "" && i.o.end == "" {
		return nil
	}
	var span tsdbSpan
	span.start, span.end, _ = i.r.Span()
	from, to, err := parseRange(i.o.start, i.o.end, i.o.zones.over(span))
	if err != nil {
		return err
	}
	first := from.Milli()
	if from.Nsec%1e6 != 0 {
		first++ // the first millisecond that is not earlier
	}
	i.r.Limit(first, to.Milli())
	return nil
}

// groups finds what goes to which archive.
func (i *tsdbImport) groups(ctx context.Context) error {
	split := i.o.split()
	if len(i.o.relabel.rules) > 0 || split != "" && !slices.Contains(samplesHostLabels, split) ||
		split == "instance" && i.r.HasNativeLabel(split) {
		return i.groupsOfSeries(ctx)
	}
	if split == "" {
		split = "instance"
	}
	values, err := i.r.LabelValues(ctx, split)
	if err != nil {
		return err
	}
	i.where = map[string][][]tsdb.Condition{}
	add := func(host string, where ...tsdb.Condition) { i.where[host] = append(i.where[host], where) }
	for _, v := range values {
		here := tsdb.Condition{Label: split, Values: []string{v}}
		if v != "" || split != "instance" {
			host := samplesHost(split, v)
			if split == "hostname" {
				host = i.r.Host(v)
			}
			add(host, here)
			continue
		}
		hosts, err := i.r.LabelValues(ctx, "hostname", here)
		if err != nil {
			return err
		}
		for _, h := range hosts {
			add(i.r.Host(h), here, tsdb.Condition{Label: "hostname", Values: []string{h}})
		}
	}
	if i.o.split() != "" {
		for host := range i.where {
			i.archives.group(host)
		}
		return nil
	}
	all := i.archives.group("")
	if hosts := i.r.Hosts(); len(hosts) == 1 {
		all.labels["hostname"] = hosts[0]
	} else if len(i.where) == 1 {
		for host := range i.where {
			all.labels["hostname"] = host
		}
	}
	return nil
}

// groupsOfSeries finds the groups of series as the relabelling leaves them, with
// what they say of the host.
func (i *tsdbImport) groupsOfSeries(ctx context.Context) error {
	const atOnce = 10000 // series that the relabelling remembers
	var rules prom.SampleSink
	one := make([]prom.Sample, 1)
	n := 0
	return i.r.Series(ctx, func(s *prom.Series) error {
		if n%atOnce == 0 {
			rules = i.o.relabel.before(prom.SinkFunc(i.admit), nil)
		}
		s.ID = n % atOnce
		n++
		return rules.Append(s, one)
	})
}

// admit has the archive of a series be known.
func (i *tsdbImport) admit(s *prom.Series, _ []prom.Sample) error {
	i.archives.admit(s)
	return nil
}

// part writes the archives of some groups in one pass over their series. Those
// that were relabelled are found among all.
func (i *tsdbImport) part(ctx context.Context, groups []*sampleGroup, whole bool) error {
	w := i.archives
	w.groups = map[string]*sampleGroup{}
	var where [][]tsdb.Condition
	for _, g := range groups {
		w.groups[g.key] = g
		where = append(where, i.where[g.key]...)
	}
	var src prom.SampleSource = i.r
	if !whole && i.where != nil {
		src = i.r.Where(where...)
	}
	chain := i.o.relabel.before(&watchedSamples{sampleArchives: w, i: i}, w.report)
	if err := src.Samples(ctx, chain); err != nil {
		return err
	}
	return chain.Flush(ctx)
}

// context returns the labels that a host's archive had before.
func (i *tsdbImport) context(_ *sampleGroup, host string) []prom.Label {
	var all []prom.Label
	for l := range i.r.Context(host).All() {
		all = append(all, prom.Label{Name: l.Name, Value: l.Text()})
	}
	return all
}

// watchedSamples shows how far the reading is.
type watchedSamples struct {
	*sampleArchives
	i *tsdbImport
	n int
}

// Append hands samples on.
func (w *watchedSamples) Append(s *prom.Series, batch []prom.Sample) error {
	if w.n++; w.n%(1<<16) == 0 {
		w.i.view.set(w.i.r.Done())
	}
	return w.sampleArchives.Append(s, batch)
}
