package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
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
	zones    zoneFlags

	volumeSize byteSize
	compress   archive.Compression
}

// samplesHelp describes what those verbs have in common.
const samplesHelp = `Each pair of the labels job and instance is a source of its own, whose metrics are
called openmetrics.SOURCE.… The archive's host is that of the label 'hostname', or
of 'instance', if all series agree. --split-by LABEL makes an archive for each
value of a label, in the folder that -o names; of 'instance' the host counts, and
what has none goes by 'hostname'. What lacks the label is called other.
--map node_exporter records what PCP measures itself under PCP's own names.

An archive that exists is never overwritten; what -o names appears when it is
complete.`

// add adds the flags to a command. splitBy is the default of --split-by.
func (o *sampleOptions) add(cmd *cobra.Command, splitBy string) {
	o.memory = prom.DefaultSorterMemory
	f := cmd.Flags()
	f.StringVarP(&o.out, "output-archive", "o", "", "archive to write, or with --split-by the folder of archives")
	f.StringVar(&o.prefix, "prefix", "", "first component of names; default: openmetrics")
	f.StringVar(&o.host, "host", "", "host name of the archive, or of what names none among several")
	addPairsFlag(cmd, &o.external, "label", "context label, as in `dc=east`; may be repeated")
	f.StringVar(&o.splitBy, "split-by", splitBy, "one archive for each value of this label, named by it; none: one archive")
	addMapFlag(cmd, &o.maps)
	addRelabelFlag(cmd, &o.relabel)
	f.Var(&o.memory, "sort-memory", "memory for bringing samples into order of time; what is more goes to a temporary file")
	addVersionFlag(cmd, &o.version, "archive format, 2 or 3; default: 3")
	addVolumeFlags(cmd, &o.volumeSize, &o.compress, "volumes")
	addTimezoneFlag(cmd, &o.zones, usualUTC)
	addOutputFlag(cmd, &o.output)
}

// importing takes the samples of an import, in any order, and makes archives of
// them.
type importing struct {
	archives *sampleArchives
	*prom.Sorter
	// contextLabels are labels that belong to the archive where all series that
	// have them agree; may be nil.
	contextLabels func() []string
	known         []bool // by PromSeries.ID
	damages       *damageLog
}

// newImporting makes sure that the output is new. Its user gives it samples,
// flushes it, calls finish, and Close in any case.
func newImporting(ctx context.Context, o *sampleOptions, keepFirst bool, report *prom.Report) (*importing, error) {
	w, err := newSampleArchives(ctx, o, report)
	if err != nil {
		return nil, err
	}
	if w.folder = o.split() != ""; !w.folder {
		if err := w.reserve(); err != nil {
			return nil, err
		}
	}
	im := &importing{archives: w}
	w.context = im.context
	spill := filepath.Dir(filepath.Clean(o.out)) // where there is room for the output, too
	if !isFolder(spill) {
		spill = ""
	}
	im.Sorter = prom.NewSorter(w, prom.SorterOptions{Memory: int64(o.memory), Dir: spill, Report: report, KeepFirst: keepFirst})
	return im, nil
}

// context returns those of the context labels that a group has.
func (im *importing) context(g *sampleGroup, _ string) []prom.Label {
	if im.contextLabels == nil {
		return nil
	}
	var all []prom.Label
	for _, name := range im.contextLabels() {
		if v := g.labels[name]; v != "" {
			all = append(all, prom.Label{Name: name, Value: v})
		}
	}
	return all
}

// Append takes samples in any order of time.
func (im *importing) Append(s *prom.Series, batch []prom.Sample) error {
	im.meet(s)
	return im.Sorter.Append(s, batch)
}

// meet notes what a new series tells of its archive.
func (im *importing) meet(s *prom.Series) {
	if s.ID < len(im.known) && im.known[s.ID] {
		return
	}
	for s.ID >= len(im.known) {
		im.known = append(im.known, false)
	}
	im.known[s.ID] = true
	im.archives.admit(s)
}

// finish completes the archives, moves them to their place and says what they
// are.
func (im *importing) finish(s streams) error {
	several := im.severalHosts()
	done, err := im.archives.publish()
	if err != nil {
		return err
	}
	if len(done) == 0 {
		return im.damages.nothing()
	}
	im.damages.rest()
	if im.archives.opts.output != outputJSON {
		for _, name := range several {
			fmt.Fprintf(s.err, "%s: pages of several hosts: --split-by hostname gives each an archive, in which PCP's metrics are PCP's again\n", name)
		}
	}
	sayReplaced(s, im.archives.replaced)
	return tellImported(s, im.archives.opts, done, im.archives.report)
}

// severalHosts returns the archives in which metrics of PCP are none because they
// are of several hosts.
func (im *importing) severalHosts() []string {
	if im.contextLabels == nil || len(im.contextLabels()) == 0 {
		return nil
	}
	var names []string
	for _, a := range im.archives.whole {
		if host, known := a.group.labels["hostname"]; known && host == "" {
			names = append(names, a.Archive)
		}
	}
	return names
}

// sayReplaced names archives in whose place others are.
func sayReplaced(s streams, archives []string) {
	for _, name := range archives {
		fmt.Fprintf(s.err, "%s: held no record and was replaced\n", name)
	}
}

var errNoSamples = errors.New("no samples: nothing was written")

// importOutput is what the verbs print.
type importOutput struct {
	Archives []sampleArchiveOutput `json:"archives"`
	Losses   []prom.LossCount      `json:"losses"`
}

// tellImported says what became of samples.
func tellImported(s streams, o *sampleOptions, done []sampleArchiveOutput, report *prom.Report) error {
	var err error
	if o.output == outputJSON {
		err = writeJSON(s.out, importOutput{done, report.Losses()})
	} else {
		err = printImported(s.out, done, o.zones.or(time.UTC))
	}
	if len(done) == 1 && done[0].unsplit {
		fmt.Fprintf(s.err, "no series has the label %s, so all are in %s\n", o.splitBy, done[0].Archive)
	}
	return cmp.Or(err, sayLosses(s, report))
}

func printImported(w io.Writer, all []sampleArchiveOutput, zone *time.Location) error {
	const layout = "2006-01-02 15:04:05 MST"
	for _, a := range all {
		_, err := fmt.Fprintf(w, "%s  %s  %s to %s  %d series  %s samples\n", a.Archive, a.Host,
			a.Start.In(zone).Format(layout), a.End.In(zone).Format(layout), a.Series, humanize.Comma(a.Samples))
		if err != nil {
			return err
		}
	}
	return nil
}
