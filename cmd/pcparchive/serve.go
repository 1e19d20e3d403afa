package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/promapi"
	"github.com/pcparchive/pcparchive/query"
	"github.com/pcparchive/pcparchive/receive"
	"github.com/pcparchive/pcparchive/serve"
)

type serveOptions struct {
	serve.Options
	rescan   time.Duration
	timeout  time.Duration
	shiftTo  string
	speed    string
	external map[string]string
	cors     string
	grafana  string
	logLevel string
	cache    cacheFlags
	rules    rulesFlag
	limits   queryLimits
}

// hangupReloads marks commands that do not end at SIGHUP.
const hangupReloads = "pcparchive.hangup"

func newServeCmd(s streams) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:         "serve [PATH...]",
		Annotations: map[string]string{hangupReloads: "reloads"},
		Short:       "Serve archives to Grafana, Prometheus and other clients of PromQL",
		Long: `Serve archives over Prometheus' HTTP API, with PromQL, to Grafana, promtool,
Prometheus, Thanos and curl. serve imports nothing and only reads the archives.

A PATH is an archive, a Prometheus block, or a folder. A folder stands for all archives
and blocks in it and in the folders below it. Every ten seconds, on SIGHUP, and on a
POST to /-/reload, serve looks for archives that appeared, disappeared or grew. Answers
that need a damaged archive have a warning, and the status page at / names it. Damage
does not affect other answers.

--rules evaluates recording and alerting rules over all data. SIGHUP and /-/reload also
read the rule files again. If a file is wrong, the former rules stay in force, and the
log, the reply of /-/reload and the status page give the reason.

An instant query without a time is evaluated at the end of the data, if the data ended
longer ago than the look-back.

serve listens on the loopback interface unless --listen says otherwise. The file of
--web.config.file has certificates, users and passwords in the format of Prometheus'
exporter-toolkit. Use it before you listen on other interfaces.

Queries hold at most --query-memory each, and --max-concurrency of them run at a time.
The server keeps its memory near the product of both and 256 MiB, unless the environment
variable GOMEMLIMIT sets another limit.

In the background, serve writes the samples of closed archives to the folder of --cache,
series by series. Answers stay the same and become faster.

With --receive, serve takes archives that other hosts push, as pmproxy 7 does: pmlogger
of PCP 7 with http://HOST:PORT in place of an archive, pmlogpush, and 'pcparchive push'.
An archive is served from its first record on, and moves to FOLDER/HOST when it is
complete: when its client says so, or after --receive-idle without a new part. On an
address that is not a loopback address, the file of --web.config.file must demand
passwords or certificates of clients.

--shift-to moves the recording so that its end is at that time, for dashboards and
alert rules that ask for the last hours. --replay shows the recording as if it were
being made: data appears as time passes. At speed 10, an hour passes in six minutes.

After SIGTERM or an interrupt, running requests may continue for --drain-timeout. The
exit status is then 0. It is 1 after a failure, and 2 if the command line is wrong.`,
		Example: `  pcparchive serve /var/log/pcp/pmlogger
  pcparchive serve sosreport-web1/ --shift-to now
  pcparchive serve incident/ --replay 10
  pcparchive serve /archives --listen :9191 --web.config.file web.yml
  pcparchive serve --receive /archives --listen :44322 --web.config.file web.yml
  pcparchive serve /archives /var/lib/prometheus/data --external-label site=east`,
		ValidArgsFunction: completeArchivesFrom(0),
		Args: func(cmd *cobra.Command, args []string) error {
			if o.Receive != "" {
				return nil
			}
			return nargs(1, -1, "archives or folders")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.limits.complete(cmd.Flags().Changed, &o.Query.MaxSamples); err != nil {
				return usageError{err}
			}
			return runServe(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Listen, "listen", []string{serve.DefaultListen}, "`address` to listen on, as host:port, or :port for all interfaces; may be repeated")
	f.StringVar(&o.WebConfig, "web.config.file", "", "YAML `file` of Prometheus' exporter-toolkit with TLS, users and headers")
	durationVar(f, &o.rescan, "rescan", serve.DefaultRescan, "time between two searches for archives; 0: search only on SIGHUP and /-/reload")
	f.StringVar(&o.shiftTo, "shift-to", "", "move the recording so that its end is at this `time`: now, or a time")
	f.StringVar(&o.speed, "replay", "", "show the recording as if it were being made, at this `speed`: 1 is real time")
	f.StringVar(&o.grafana, "grafana-provisioning", "", "write a data source and a dashboard for Grafana to this `folder`; start Grafana with GF_PATHS_PROVISIONING=FOLDER")
	_ = cmd.MarkFlagDirname("grafana-provisioning") // fails only for an unknown flag
	f.StringVar(&o.Receive, "receive", "", "take archives that other hosts push into this `folder`, and serve them")
	_ = cmd.MarkFlagDirname("receive")
	durationVar(f, &o.Receiving.Idle, "receive-idle", receive.DefaultIdle, "time without a new part after which a pushed archive is complete")
	f.IntVar(&o.Receiving.MaxOpen, "receive-max-archives", receive.DefaultMaxOpen, "maximum number of archives being pushed at the same time")
	o.Receiving.MaxArchive, o.Receiving.Rate = receive.DefaultMaxArchive, receive.DefaultRate
	f.Var((*byteSize)(&o.Receiving.MaxArchive), "receive-max-size", "maximum size of a pushed archive")
	f.Var((*byteSize)(&o.Receiving.Rate), "receive-rate", "maximum number of bytes per second of a pushed archive; faster clients wait")
	addRulesFlag(cmd, &o.rules, "Prometheus rule file to evaluate over the archives, for /rules, /alerts and queries; may be repeated")
	addPairsFlag(cmd, &o.external, "external-label", "label that distinguishes this server from others, for Thanos and remote_read, as in `site=east`; may be repeated")
	durationVar(f, &o.Query.Lookback, "lookback", 0, "maximum age of a sample; 0: 5m, or more for hosts whose records are far apart")
	o.limits.add(f, &o.Query.MaxSamples)
	f.Var((*byteSize)(&o.Query.MaxBytes), "max-bytes", "maximum number of bytes of records that a query reads, as in 2GiB; 0: no limit")
	durationVar(f, &o.timeout, "query-timeout", query.DefaultTimeout, "maximum duration of a query; 0: no limit")
	f.IntVar(&o.Concurrency, "max-concurrency", 0, "maximum number of requests that read archives at the same time; 0: four for each processor")
	f.IntVar(&o.MaxConnections, "max-connections", serve.DefaultMaxConnections, "maximum number of connections to each address")
	durationVar(f, &o.DrainTimeout, "drain-timeout", serve.DefaultDrainTimeout, "time for which running requests may continue after SIGTERM or an interrupt")
	f.StringVar(&o.cors, "web.cors.origin", ".*", "regular `expression` for the origins of web pages that may use the API")
	addCacheFlags(cmd, &o.cache)
	f.StringVar(&o.logLevel, "log-level", "info", "lowest `level` of messages: debug (each request), info, warn or error")
	return cmd
}

func runServe(ctx context.Context, s streams, o serveOptions, operands []string) error {
	o.Paths = splitOperands(operands)
	if err := o.complete(s); err != nil {
		return usageError{err}
	}
	o.Cache = o.cache.open()
	o.Query.Columns = columns.NewCache(o.Cache)
	defer boundHeap(cmp.Or(o.Concurrency, promapi.DefaultConcurrency()), o.Query.MaxSamples)()
	server, err := serve.New(ctx, o.Options)
	if err != nil {
		return serveError(err)
	}
	if o.grafana != "" {
		if err := server.WriteProvisioning(o.grafana); err != nil {
			return errors.Join(err, server.Close())
		}
	}
	printServer(s, server)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	loop, end := context.WithCancel(ctx)
	defer end()
	go func() {
		for {
			select {
			case <-hangups:
				_ = server.Reload(loop) // logs why it failed
			case <-loop.Done():
				return
			}
		}
	}()
	return server.Run(ctx)
}

// complete turns the flags into options.
func (o *serveOptions) complete(s streams) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.logLevel)); err != nil {
		return fmt.Errorf("--log-level %q: want debug, info, warn or error", o.logLevel)
	}
	o.Logger = slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: level}))
	o.Version, o.RuleFiles = version(), o.rules.files
	for flag, d := range map[string]time.Duration{"rescan": o.rescan, "lookback": o.Query.Lookback, "query-timeout": o.timeout, "drain-timeout": o.DrainTimeout} {
		if d < 0 {
			return fmt.Errorf("--%s %s is negative", flag, d)
		}
	}
	if o.MaxConnections < 1 {
		return fmt.Errorf("--max-connections %d: want at least 1", o.MaxConnections)
	}
	if err := o.checkReceiving(); err != nil {
		return err
	}
	if o.Concurrency < 0 {
		return fmt.Errorf("--max-concurrency %d is negative", o.Concurrency)
	}
	if o.DrainTimeout == 0 {
		o.DrainTimeout = time.Nanosecond
	}
	o.Rescan, o.Query.Timeout = cmp.Or(o.rescan, -1), cmp.Or(o.timeout, -1)
	o.ExternalLabels = o.external
	if err := checkLabels("external-label", o.external, false); err != nil {
		return err
	}
	origin, err := regexp.Compile("^(?s:" + o.cors + ")$")
	if err != nil {
		return fmt.Errorf("--web.cors.origin: %w", err)
	}
	o.CORSOrigin = origin
	return o.moves()
}

// checkReceiving rejects limits of --receive that let nothing in.
func (o *serveOptions) checkReceiving() error {
	if o.Receive == "" {
		return nil
	}
	if n := o.Receiving.MaxOpen; n < 1 {
		return fmt.Errorf("--receive-max-archives %d: want at least 1", n)
	}
	for flag, n := range map[string]int64{"receive-idle": int64(o.Receiving.Idle), "receive-max-size": o.Receiving.MaxArchive, "receive-rate": o.Receiving.Rate} {
		if n <= 0 {
			return fmt.Errorf("--%s: want more than 0", flag)
		}
	}
	return nil
}

// moves reads the flags that move the recording.
func (o *serveOptions) moves() (err error) {
	switch {
	case o.shiftTo != "" && o.speed != "":
		return errors.New("--shift-to and --replay: a replay moves the recording to the present itself")
	case o.shiftTo == "now":
		o.ShiftTo = serve.Now
	case o.shiftTo != "":
		now := time.Now()
		w := timespec.Window{Start: pcp.TimestampOf(now), First: pcp.TimestampOf(now), Zone: time.Local, Now: now, Epoch: true,
			End: func() (pcp.Timestamp, error) { return pcp.TimestampOf(now), nil }}
		at, err := w.Parse(o.shiftTo)
		if err != nil {
			return fmt.Errorf("--shift-to %q: want now or a time: %w", o.shiftTo, err)
		}
		o.ShiftTo = at.Time()
	case o.speed != "":
		o.Replay, err = strconv.ParseFloat(strings.TrimSuffix(o.speed, "x"), 64)
		if err != nil || o.Replay <= 0 || math.IsInf(o.Replay, 0) || math.IsNaN(o.Replay) {
			return fmt.Errorf("--replay %q: want a speed above 0, such as 1 or 10", o.speed)
		}
	}
	return nil
}

// serveError names the flag or the path of an error.
func serveError(err error) error {
	var option *serve.OptionError
	flags := map[string]string{"WebConfig": "--web.config.file", "ExternalLabels": "--external-label", "RuleFiles": "--rules", "Receive": "--receive"}
	if errors.As(err, &option) {
		return usageError{fmt.Errorf("%s: %w", cmp.Or(flags[option.Option], option.Option), option.Err)}
	}
	return explainNotArchive(err)
}

// printServer prints the data that is served, and the addresses.
func printServer(s streams, server *serve.Server) {
	sum := server.Summary()
	if sum.Window.IsZero() {
		fmt.Fprintln(s.out, "no archives yet")
	} else {
		fmt.Fprintf(s.out, "serving %s\n", served(sum))
	}
	for i, h := range sum.Hosts {
		if i == mostHostLines {
			fmt.Fprintf(s.out, "  and %d more hosts\n", len(sum.Hosts)-i)
			break
		}
		fmt.Fprintf(s.out, "  %s  %s  %s\n", h.Host, windowText(h.Window), plural(int64(h.Archives), "archive"))
	}
	for i, address := range server.Addresses() {
		fmt.Fprintf(s.out, "status page  %s/\n", address)
		fmt.Fprintf(s.out, "Grafana      %s  (URL of a Prometheus data source)\n", address)
		if i > 0 || sum.Window.IsZero() {
			continue
		}
		fmt.Fprintf(s.out, "             ?%s  (the end of a dashboard's address that shows the data)\n", serve.GrafanaRange(sum.Window))
		for _, e := range sum.Examples[:min(len(sum.Examples), 1)] {
			fmt.Fprintf(s.out, "a query      '%s%s'\n", address, e.Link)
		}
	}
}

// mostHostLines is the number of hosts that are printed.
const mostHostLines = 20

// served describes the data that is served.
func served(sum serve.Summary) string {
	var parts []string
	if sum.Archives > 0 {
		parts = append(parts, fmt.Sprintf("%s of %s", plural(int64(sum.Archives), "archive"), plural(int64(len(sum.Hosts)), "host")))
	}
	if n := len(sum.Blocks); n > 0 {
		parts = append(parts, plural(int64(n), "block"))
	}
	return strings.Join(parts, " and ") + ", " + windowText(sum.Window)
}

// windowText formats a window.
func windowText(w serve.Window) string {
	if w.IsZero() {
		return "nothing can be read"
	}
	at := func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }
	return fmt.Sprintf("%s to %s UTC", at(w.Start), at(w.End))
}
