package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/convert/nativemap"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/scrape"
)

func newImportCmd(s streams) *cobra.Command {
	return group("import", "Turn Prometheus data and tables into archives", newImportURLCmd(s), newImportFileCmd(s), newImportJSONCmd(s), newImportTSDBCmd(s), newImportCSVCmd(s))
}

// recordOptions are the flags of import prom-url.
type recordOptions struct {
	out       string
	interval  time.Duration
	duration  time.Duration
	timeout   time.Duration
	bodyLimit string
	settings  string
	prefix    string
	host      string
	external  map[string]string
	version   pcp.Version
	appendTo  bool
	maps      []string

	volumeSize byteSize
	compress   archive.Compression
	output     outputFormat
}

func newImportURLCmd(s streams) *cobra.Command {
	var o recordOptions
	cmd := &cobra.Command{
		Use:   "prom-url [NAME=]URL... -o ARCHIVE",
		Short: "Record live Prometheus endpoints into an archive",
		Long: `Record live Prometheus endpoints into a PCP archive until --duration has passed or the
command is interrupted. Each scrape becomes one record. Each endpoint is a source, and
its metrics are named openmetrics.NAME.… Without NAME, the URL's host gives the name.

The command tries an endpoint that does not answer again at every interval. Meanwhile
'up' is 0, and the command reports the reason once. It never overwrites an existing
archive.

With --append the command continues an existing archive, whichever program recorded
it. After a stop or a crash, start the recorder again with the same command. It cuts
off the incomplete records that a crash left and reports them. It writes a mark for the
time without a recording, and every metric and instance keeps its number. The archive
keeps its host, its version and its prefix.

--map node_exporter records that exporter's series as PCP's own metrics, which pmrep,
pmstat, pcp atop and views made for PCP read.`,
		Example: `  pcparchive import prom-url http://localhost:9100/metrics -o rec --interval 1s --duration 30s
  pcparchive import from prom-url http://localhost:9100/metrics -o rec --duration 30s
  pcparchive import prom-url web=https://web:8443/metrics db=http://db:9187/metrics -o both
  pcparchive import prom-url http://localhost:9100/metrics -o rec --append --volume-size 100MB --compress
  pcparchive import prom-url http://web1:9100/metrics -o web1 --map node_exporter --append`,
		Args: nargs(1, -1, "at least one URL"),
		RunE: func(cmd *cobra.Command, args []string) error { return runRecord(cmd.Context(), s, o, args) },
	}
	f := cmd.Flags()
	f.StringVarP(&o.out, "output-archive", "o", "", "archive to write: ARCHIVE.meta, ARCHIVE.index, ARCHIVE.0")
	durationVar(f, &o.interval, "interval", 10*time.Second, "time between scrapes")
	durationVar(f, &o.duration, "duration", 0, "stop after this time; 0: record until interrupted")
	durationVar(f, &o.timeout, "timeout", 0, "time limit of a scrape; 0: the interval, at most 10s")
	f.StringVar(&o.bodyLimit, "body-limit", "256MiB", "maximum size of a page; 0: no limit")
	f.StringVar(&o.settings, "scrape-config", "", "YAML file with settings of Prometheus' scrape_config for all URLs, such as authorization, tls_config, sample_limit, metric_relabel_configs")
	f.StringVar(&o.prefix, "prefix", "", "first component of all metric names; default: openmetrics")
	f.StringVar(&o.host, "host", "", "host name of the archive; default: the one host of the URLs, or this host's")
	addPairsFlag(cmd, &o.external, "label", "context label, as in `dc=east`; may be repeated")
	addVersionFlag(cmd, &o.version, "archive format, 2 or 3; default: 3")
	addVolumeFlags(cmd, &o.volumeSize, &o.compress, "complete volumes")
	f.BoolVar(&o.appendTo, "append", false, "continue the archive if it exists")
	addMapFlag(cmd, &o.maps)
	addOutputFlag(cmd, &o.output)
	return cmd
}

func runRecord(ctx context.Context, s streams, o recordOptions, args []string) error {
	switch {
	case o.out == "":
		return usageError{fmt.Errorf("-o ARCHIVE is missing")}
	case o.interval < time.Millisecond:
		return usageError{fmt.Errorf("--interval %s is less than a millisecond", o.interval)}
	case o.duration < 0:
		return usageError{fmt.Errorf("--duration %s is negative", o.duration)}
	case o.timeout < 0:
		return usageError{fmt.Errorf("--timeout %s is negative", o.timeout)}
	}
	log := slog.New(newPlainHandler(s.err))
	endpoints := make([]scrape.Endpoint, len(args))
	for i, arg := range args {
		endpoints[i] = scrape.ParseEndpoint(arg)
	}
	settings, err := o.scrapeSettings()
	if err != nil {
		return err
	}
	cfg, err := scrape.Config(endpoints, settings, log)
	if err != nil {
		return usageError{err}
	}
	natives, err := nativemap.Chain(o.maps)
	if err != nil {
		return usageError{err}
	}
	report := &prom.Report{}
	a, err := o.open(s, endpoints, report)
	if err != nil {
		return err
	}
	rec := scrape.NewRecorder(a.Mapper, convert.NewToArchive(a.Appender), report, log)
	if len(natives) > 0 {
		rec.UseNatives(natives)
	}
	stop := showRecording(s, rec)
	err = scrape.Run(ctx, cfg, rec, scrape.RunOptions{
		UserAgent: "pcparchive/" + version(), StartNow: len(endpoints) <= startAtOnce, Duration: o.duration,
	})
	stop()
	if err := cmp.Or(err, rec.Close()); err != nil {
		return err
	}
	return cmp.Or(printRecorded(s, o, rec.Stats(), report), reportLosses(s, report))
}

// open opens the archive of the recording and prints what became of an existing one.
func (o recordOptions) open(s streams, endpoints []scrape.Endpoint, report *prom.Report) (*scrape.Archive, error) {
	a, err := scrape.OpenArchive(scrape.ArchiveOptions{
		Base: o.out, Append: o.appendTo, Host: o.host, Endpoints: endpoints, Prefix: o.prefix, Labels: labelsOf(o.external), Report: report,
		Write: archive.WriteOptions{Version: o.version, VolumeSize: int64(o.volumeSize), Compress: o.compress},
	})
	var other *scrape.HostError
	switch {
	case errors.As(err, new(*scrape.OptionError)):
		return nil, usageError{err}
	case errors.As(err, &other) && !other.Given:
		return nil, fmt.Errorf("%w; if they belong together, add --host %s", err, other.Host)
	case err != nil:
		return nil, err
	}
	if a.Replaced {
		fmt.Fprintf(s.err, "%s: no scrape in it had succeeded; replaced by a new archive\n", o.out)
	}
	for _, r := range a.Appender.Recovered() {
		fmt.Fprintln(s.err, r)
	}
	return a, nil
}

// startAtOnce is the largest number of endpoints that are all scraped at the start.
// The scrapes of more endpoints are spread over the first interval.
const startAtOnce = 16

func (o recordOptions) scrapeSettings() (scrape.Settings, error) {
	settings := scrape.Settings{Interval: o.interval, Timeout: o.timeout}
	limit, err := humanize.ParseBytes(o.bodyLimit)
	if err != nil {
		return settings, usageError{fmt.Errorf("--body-limit: %w", err)}
	}
	settings.BodyLimit = int64(limit)
	if o.settings != "" {
		if settings.Extra, err = os.ReadFile(o.settings); err != nil {
			return settings, err
		}
	}
	return settings, nil
}

// showRecording shows the progress of a recording on a terminal. The function that it
// returns ends this.
func showRecording(s streams, rec *scrape.Recorder) (stop func()) {
	view := statusOf(s)
	if view == nil {
		return func() {}
	}
	began := time.Now()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(redraws)
		defer tick.Stop()
		for {
			select {
			case <-done:
				view.clear()
				return
			case now := <-tick.C:
				view.show(recordLine(rec.Stats(), now.Sub(began)))
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}
