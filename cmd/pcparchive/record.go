package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/agentdir"
	"github.com/pcparchive/pcparchive/record/pace"
	"github.com/pcparchive/pcparchive/record/registry"
	"github.com/pcparchive/pcparchive/record/retention"
	"github.com/pcparchive/pcparchive/scrape"
)

// recorderOptions are the flags of record.
type recorderOptions struct {
	record.Options
	config     string
	folder     *folderLoader // nil unless config is a folder
	check      bool
	per        string
	external   map[string]string
	volumeSize byteSize
	duration   time.Duration
	interval   time.Duration
	timeout    time.Duration
	bodyLimit  byteSize
	settings   string
	policy     retention.Policy
	watch      watchFlags
	logLevel   string
	output     outputFormat
}

func newRecordCmd(s streams) *cobra.Command {
	o := recorderOptions{policy: retention.Default(), volumeSize: 100e6, bodyLimit: 256 << 20}
	o.Compress = archive.CompressGzip
	cmd := &cobra.Command{
		Use:         "record {--config FILE | [NAME=]URL...} -o DIR",
		Annotations: map[string]string{hangupReloads: "reloads"},
		Short:       "Record Prometheus endpoints unattended, for months",
		Long: `Record Prometheus endpoints into archives, day after day, until the command is
interrupted. --config is a prometheus.yml, unchanged: Prometheus' own loader, service
discovery and scraper read it. Or --config is the folder config.d of PCP's agent, with
.url files and executables. Without --config, the URLs are the endpoints.

Each target has its own archives: DIR/HOST/JOB.%Y%m%d.%H.%M, where HOST is the host of
the target. A metric is called openmetrics.JOB.NAME, and has the same number in every
archive of the job. New archives begin at local midnight. Closed volumes are compressed.
Old archives are removed as --keep, --max-size and --min-free say.

After a stop or a crash, start the same command again. It continues today's archives with
a mark for the time without a recording, and says what a crash cut off. A record is safe
from a kill when its scrape ends, and safe from a power failure after --sync.

SIGHUP and a change of the configuration load it again. Jobs that did not change miss no
scrape. A configuration that cannot be loaded leaves the old one in force.

--serve answers the interfaces of 'serve' over the recording while it is made.

If the disk is full, writing pauses and scraping goes on; writing resumes with a mark.

--listen opens an address for people and monitoring: /targets is a page, or Prometheus'
JSON at /api/v1/targets; /metrics counts scrapes, samples, losses and bytes; /healthz
and /-/ready are for supervisors; a POST to /-/reload loads the configuration again. As
a systemd service of the type notify, the command tells systemd when it is ready and
alive.`,
		Example: `  pcparchive record --config prometheus.yml -o /var/log/pcparchive
  pcparchive record --config prometheus.yml -o /var/log/pcparchive --check-config
  pcparchive record http://localhost:9100/metrics db=http://db:9187/metrics -o rec
  pcparchive record --config /var/lib/pcp/pmdas/openmetrics/config.d -o rec --listen :9090
  pcparchive record --config prometheus.yml -o rec --keep 30d --max-size 50GB --compress zstd`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runRecorder(cmd.Context(), s, o, args) },
	}
	addRecordFlags(cmd, &o)
	return cmd
}

// addRecordFlags adds the flags of record.
func addRecordFlags(cmd *cobra.Command, o *recorderOptions) {
	f := cmd.Flags()
	f.StringVarP(&o.Dir, "dir", "o", "", "`folder` of the archives, which is created")
	_ = cmd.MarkFlagDirname("dir") // fails only for an unknown flag
	f.StringVar(&o.config, "config", "", "prometheus.yml, or a folder config.d of PCP's agent")
	f.BoolVar(&o.check, "check-config", false, "say target by target what would be done, and end")
	f.StringVar(&o.per, "archive-per", string(record.PerTarget), "which targets share an archive: target (none), job, or all")
	completeFlag(cmd, "archive-per", "target", "job", "all")
	durationVar(f, &o.Rotate, "rotate", 24*time.Hour, "time after which new archives begin, counted from local midnight: whole days, or a part of a day")
	addVolumeFlags(cmd, &o.volumeSize, &o.Compress, "closed volumes")
	durationVar(f, &o.Sync, "sync", time.Second, "longest time until a record is safe from a power failure")
	durationVar(f, &o.policy.Keep, "keep", o.policy.Keep, "remove archives whose last record is older; 0: no limit")
	f.Var(&o.policy.MaxSize, "max-size", "maximum space that DIR takes, in bytes or as a percentage of the file system; 0: no limit")
	f.Var(&o.policy.MinFree, "min-free", "space that stays free on the file system, in bytes or as a percentage; 0: no limit")
	f.StringVar(&o.Prefix, "prefix", "", "first component of all metric names; default: openmetrics")
	addPairsFlag(cmd, &o.external, "label", "context label of all archives, as in `dc=east`; may be repeated")
	addVersionFlag(cmd, &o.Version, "archive format, 2 or 3; default: 3")
	durationVar(f, &o.interval, "interval", 10*time.Second, "time between scrapes of URLs and of the sources in a folder")
	durationVar(f, &o.timeout, "timeout", 0, "time limit of such a scrape; 0: the interval, at most 10s")
	f.Var(&o.bodyLimit, "body-limit", "size of the longest page of a URL that is accepted; 0: no limit")
	f.StringVar(&o.settings, "scrape-config", "", "YAML `file` with settings of Prometheus' scrape_config for all URLs")
	durationVar(f, &o.duration, "duration", 0, "stop after this time; 0: record until interrupted")
	addWatchFlags(cmd, &o.watch)
	f.StringVar(&o.logLevel, "log-level", "info", "lowest `level` of messages: debug, info, warn or error")
	addOutputFlag(cmd, &o.output)
}

// complete makes the options of the recorder.
func (o *recorderOptions) complete(s streams, urls []string) error {
	if o.Dir == "" {
		return fmt.Errorf("-o DIR is missing")
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return fmt.Errorf("--log-level %q: want debug, info, warn or error", o.logLevel)
	}
	o.Log = slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))
	o.Per, o.Labels, o.VolumeSize = record.Per(o.per), labelsOf(o.external), int64(o.volumeSize)
	o.UserAgent = "pcparchive/" + version()
	switch {
	case o.config == "" && len(urls) == 0:
		return fmt.Errorf("give --config FILE, or at least one URL")
	case o.config != "" && len(urls) > 0:
		return fmt.Errorf("give --config or URLs, not both")
	case o.interval < time.Millisecond:
		return fmt.Errorf("--interval %s is less than a millisecond", o.interval)
	case o.timeout < 0:
		return fmt.Errorf("--timeout %s is negative", o.timeout)
	case o.duration < 0:
		return fmt.Errorf("--duration %s is negative", o.duration)
	case o.policy.Keep < 0:
		return fmt.Errorf("--keep %s is negative", o.policy.Keep)
	case o.Rotate <= 0:
		return fmt.Errorf("--rotate %s: want at least a minute", o.Rotate)
	case o.Sync <= 0:
		return fmt.Errorf("--sync %s: want at least 10ms", o.Sync)
	}
	if err := o.watch.check(); err != nil {
		return err
	}
	if err := o.load(urls); err != nil {
		return err
	}
	return o.Validate()
}

// load chooses the loader of the configuration.
func (o *recorderOptions) load(urls []string) error {
	if isFolder(o.config) {
		o.folder = &folderLoader{dir: o.config, opts: agentdir.Options{
			Interval: o.interval, Timeout: o.timeout, BodyLimit: int64(o.bodyLimit), UserAgent: o.UserAgent, Log: o.Log,
		}}
		o.Loader = o.folder
		return nil
	}
	if o.config != "" {
		o.Loader = record.PrometheusFile{Name: o.config}
		return nil
	}
	endpoints := make([]scrape.Endpoint, len(urls))
	for i, url := range urls {
		endpoints[i] = scrape.ParseEndpoint(url)
	}
	settings := scrape.Settings{Interval: o.interval, Timeout: o.timeout, BodyLimit: int64(o.bodyLimit)}
	if o.settings != "" {
		extra, err := os.ReadFile(o.settings)
		if err != nil {
			return err
		}
		settings.Extra = extra
	}
	o.Loader = record.URLs{Endpoints: endpoints, Settings: settings}
	return nil
}

func runRecorder(ctx context.Context, s streams, o recorderOptions, urls []string) error {
	if err := o.complete(s, urls); err != nil {
		return usageError{err}
	}
	if o.folder != nil {
		defer func() { _ = o.folder.Close() }() // nothing is fetched any more
	}
	if o.check {
		plan, err := record.Check(ctx, o.Options)
		if err != nil {
			return usageError{err}
		}
		return printPlan(s, o, plan)
	}
	if wholeProcess {
		pace.RelaxTimers()
	}
	if err := o.tryLoad(ctx); err != nil {
		return usageError{err}
	}
	if err := o.keep(); err != nil {
		return err
	}
	defer pace.Start(pace.Options{AllProcessors: len(o.watch.serve) > 0})()
	rec, err := record.New(ctx, o.Options)
	if err != nil {
		return err
	}
	return o.run(ctx, s, rec)
}

// tryLoad loads the configuration, so that a mistake in it makes no folder. A folder
// config.d is read later: its sources get numbers from the folder of the recording.
func (o *recorderOptions) tryLoad(ctx context.Context) error {
	if o.folder != nil {
		return nil
	}
	_, err := o.Loader.Load(ctx, slog.New(slog.DiscardHandler))
	return err
}

// keep makes the folder, and the function that removes old archives.
func (o *recorderOptions) keep() error {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return err
	}
	limits, err := o.policy.Limits(o.Dir)
	if err != nil {
		return err
	}
	culler := retention.New(retention.Options{Dir: o.Dir, Limits: limits, Log: o.Log})
	o.Cull = func(ctx context.Context, writing func(base string) bool) error {
		_, err := culler.Cull(ctx, writing)
		return err
	}
	o.Log.Info("retention", "policy", limits.String())
	o.OpenNumbers = func() (record.Numbers, error) {
		// Numbers reach the disk together with the archives, see record.Options.Sync.
		numbers, err := registry.Open(registry.Options{Dir: o.Dir, Prefix: o.Prefix, Retention: limits.Keep, NoSync: true, Log: o.Log})
		if err == nil && o.folder != nil {
			o.folder.opts.Numbers = numbers
		}
		return numbers, err
	}
	return nil
}

// run records until the context ends, and reloads on SIGHUP.
func (o *recorderOptions) run(ctx context.Context, s streams, rec *record.Recorder) error {
	if o.duration > 0 {
		limited, cancel := context.WithTimeout(ctx, o.duration)
		defer cancel()
		ctx = limited
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hangups:
				_ = rec.Reload(ctx) // the log says why it failed
			}
		}
	}()
	if err := o.watched(ctx, rec); err != nil {
		return err
	}
	return errors.Join(printRecorder(s, *o, rec), reportLosses(s, rec.Report()))
}
