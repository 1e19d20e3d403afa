package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/columns"
	"github.com/pcparchive/pcparchive/promapi"
	"github.com/pcparchive/pcparchive/serve"
)

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
that need a damaged archive have a warning, and the page at / names it. Damage
does not affect other answers.

--rules evaluates recording and alerting rules over all data. SIGHUP and /-/reload also
read the rule files again. If a file is wrong, the former rules stay in force, and the
log, the reply of /-/reload and the page give the reason.

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
exit status is 0 then, 1 after a failure, and 2 if the command line is wrong.`,
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
	addServeFlags(cmd, &o)
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

// serveError names the flag or the path of an error.
func serveError(err error) error {
	var option *serve.OptionError
	flags := map[string]string{"WebConfig": "--web.config.file", "ExternalLabels": "--external-label", "RuleFiles": "--rules", "Receive": "--receive"}
	if errors.As(err, &option) {
		return usageError{fmt.Errorf("%s: %w", cmp.Or(flags[option.Option], option.Option), option.Err)}
	}
	return explainNotArchive(err)
}
