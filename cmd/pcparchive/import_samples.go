package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/nativemap"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/ingest"
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

// samplesHelp is the part of the help that those verbs share.
const samplesHelp = `Each pair of the labels job and instance is a source. Its metrics are named
openmetrics.SOURCE.… The host of the archive is the value of the label 'hostname', or
else the host in 'instance', if all series agree on it. --split-by LABEL writes an
archive for each value of a label, in the output folder. With --split-by
instance ports are ignored, and 'hostname' stands in where 'instance' is missing. The
archive of series without the label is called other. --map node_exporter records the
series that PCP itself measures, too, under PCP's own names.

An import never overwrites an existing archive. The output appears when it is
complete.`

// add adds the flags to a command. splitBy is the default of --split-by.
func (o *sampleOptions) add(cmd *cobra.Command, splitBy string) {
	o.memory = prom.DefaultSorterMemory
	f := cmd.Flags()
	f.StringVarP(&o.out, "output-archive", "o", "", "archive to write, or with --split-by the folder of archives")
	f.StringVar(&o.prefix, "prefix", "", "first component of names; default: openmetrics")
	f.StringVar(&o.host, "host", "", "host name of the archive; if there are several archives, of the one for series without a host")
	addPairsFlag(cmd, &o.external, "label", "context label, as in `dc=east`; may be repeated")
	f.StringVar(&o.splitBy, "split-by", splitBy, "write an archive for each value of this label, named after it; none: one archive")
	addMapFlag(cmd, &o.maps)
	addRelabelFlag(cmd, &o.relabel)
	f.Var(&o.memory, "sort-memory", "memory for sorting samples by time; a temporary file holds the rest")
	addVersionFlag(cmd, &o.version, "archive format, 2 or 3; default: 3")
	addVolumeFlags(cmd, &o.volumeSize, &o.compress, "volumes")
	addTimezoneFlag(cmd, &o.zones, usualUTC)
	addOutputFlag(cmd, &o.output)
}

// splitNone is the value of --split-by that makes one archive.
const splitNone = "none"

// split returns the label by which series are split, or empty for one archive.
func (o *sampleOptions) split() string {
	if o.splitBy == splitNone {
		return ""
	}
	return o.splitBy
}

// importer checks the flags and returns the importer for them.
func (o *sampleOptions) importer(report *prom.Report) (*ingest.Importer, error) {
	options, err := o.ingest(report)
	if err != nil {
		return nil, err
	}
	return newImporter(options)
}

// newImporter returns an importer. A mistake in the options is a usage error.
func newImporter(o ingest.Options) (*ingest.Importer, error) {
	im, err := ingest.New(o)
	return im, importError(err)
}

// ingest returns the flags as options of an import.
func (o *sampleOptions) ingest(report *prom.Report) (ingest.Options, error) {
	if o.out == "" {
		return ingest.Options{}, usageError{errors.New("-o ARCHIVE is missing")}
	}
	natives, err := nativemap.Chain(o.maps)
	if err != nil {
		return ingest.Options{}, usageError{err}
	}
	return ingest.Options{
		Out: o.out, SplitBy: o.split(), Host: o.host, Prefix: o.prefix, Labels: labelsOf(o.external),
		Natives: natives, Relabel: o.relabel.rules, Memory: int64(o.memory),
		Version: o.version, VolumeSize: int64(o.volumeSize), Compress: o.compress, Report: report,
	}, nil
}

// importError turns the error for an option that no archive can have into a usage
// error.
func importError(err error) error {
	var mistake *ingest.OptionError
	if errors.As(err, &mistake) {
		return usageError{err}
	}
	return err
}

// printReplaced names the archives that gave way to new ones.
func printReplaced(s streams, archives []string) {
	for _, name := range archives {
		fmt.Fprintf(s.err, "%s: held no record and was replaced\n", name)
	}
}

var errNoSamples = errors.New("no samples: nothing was written")

// importOutput is the JSON that the verbs for imports print.
type importOutput struct {
	Archives []importedArchive `json:"archives"`
	Losses   []prom.LossCount  `json:"losses"`
}

// importedArchive is an archive in an importOutput.
type importedArchive struct {
	Archive string    `json:"archive"`
	Host    string    `json:"host"`
	Series  int       `json:"series"`
	Samples int64     `json:"samples"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
}

// printImport prints the archives that an import wrote, and its losses.
func printImport(s streams, o *sampleOptions, res *ingest.Result, report *prom.Report) error {
	if o.output != outputJSON {
		for _, path := range res.Mixed {
			fmt.Fprintf(s.err, "%s: holds pages of several hosts, so PCP's metrics became Prometheus metrics; --split-by hostname gives each host an archive with PCP's metrics\n", path)
		}
	}
	printReplaced(s, res.Replaced)
	var err error
	if o.output == outputJSON {
		out := importOutput{Losses: report.Losses()}
		for _, a := range res.Archives {
			out.Archives = append(out.Archives, importedArchive{a.Path, a.Host, a.Series, a.Samples, a.Start, a.End})
		}
		err = writeJSON(s.out, out)
	} else {
		err = printArchives(s.out, res.Archives, o.zones.or(time.UTC))
	}
	if len(res.Archives) == 1 && res.Archives[0].Unsplit {
		fmt.Fprintf(s.err, "no series has the label %s, so all are in %s\n", o.splitBy, res.Archives[0].Path)
	}
	return cmp.Or(err, reportLosses(s, report))
}

func printArchives(w io.Writer, all []ingest.Archive, zone *time.Location) error {
	const layout = "2006-01-02 15:04:05 MST"
	for _, a := range all {
		_, err := fmt.Fprintf(w, "%s  %s  %s to %s  %d series  %s\n", a.Path, a.Host,
			a.Start.In(zone).Format(layout), a.End.In(zone).Format(layout), a.Series, plural(a.Samples, "sample"))
		if err != nil {
			return err
		}
	}
	return nil
}
