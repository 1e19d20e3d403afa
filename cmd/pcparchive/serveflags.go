package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pcp"
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

// addServeFlags adds the flags of serve to cmd, which sets the options to their defaults.
func addServeFlags(cmd *cobra.Command, o *serveOptions) {
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
	durationVar(f, &o.Query.Lookback, "lookback", 0, "maximum age of a sample; 0: 5m, or 2.5 times the interval at which its metric is recorded")
	o.limits.add(f, &o.Query.MaxSamples)
	f.Var((*byteSize)(&o.Query.MaxBytes), "max-bytes", "maximum number of bytes of records that a query reads, as in 2GiB; 0: no limit")
	durationVar(f, &o.timeout, "query-timeout", query.DefaultTimeout, "maximum duration of a query; 0: no limit")
	f.IntVar(&o.Concurrency, "max-concurrency", 0, "maximum number of requests that read archives at the same time; 0: four for each processor")
	f.IntVar(&o.MaxConnections, "max-connections", serve.DefaultMaxConnections, "maximum number of connections to each address")
	durationVar(f, &o.DrainTimeout, "drain-timeout", serve.DefaultDrainTimeout, "time for which running requests may continue after SIGTERM or an interrupt")
	f.StringVar(&o.cors, "web.cors.origin", ".*", "regular `expression` for the origins of web pages that may use the API")
	addCacheFlags(cmd, &o.cache)
	f.StringVar(&o.logLevel, "log-level", "info", "lowest `level` of messages: debug (each request), info, warn or error")
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
