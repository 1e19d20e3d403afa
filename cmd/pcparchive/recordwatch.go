package main

import (
	"context"
	"errors"
	"sync"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/watch"
)

// watchFlags say how a recording can be watched.
type watchFlags struct {
	listen    []string
	serve     []string
	webConfig string
}

func addWatchFlags(cmd *cobra.Command, w *watchFlags) {
	f := cmd.Flags()
	f.StringArrayVar(&w.listen, "listen", nil, "`address` for /targets, /metrics, /healthz, /-/ready and /-/reload, as host:port, or :port for all interfaces; may be repeated")
	f.StringVar(&w.webConfig, "web.config.file", "", "YAML `file` of Prometheus' exporter-toolkit with TLS, users and headers for --listen and --serve")
	f.StringArrayVar(&w.serve, "serve", nil, "`address` at which the recording is served to Grafana and other clients of PromQL, as 'serve' does; may be repeated")
}

// check returns a mistake in the flags.
func (w *watchFlags) check() error {
	if w.webConfig != "" && len(w.listen)+len(w.serve) == 0 {
		return errors.New("--web.config.file has no effect without --listen or --serve")
	}
	return nil
}

// start opens the addresses for watching. A server that fails calls fail.
func (w *watchFlags) start(ctx context.Context, o *recorderOptions, rec *record.Recorder, running *sync.WaitGroup, fail func(error)) error {
	if len(w.listen) > 0 {
		server, err := watch.New(watch.Options{
			Recorder: rec, Dir: o.Dir, Listen: w.listen, WebConfig: w.webConfig, Version: version(), Log: o.Log,
		})
		if err != nil {
			return err
		}
		for _, address := range server.Addresses() {
			o.Log.Info("listening", "address", address)
		}
		running.Go(func() {
			if err := server.Run(ctx); err != nil {
				fail(err)
			}
		})
	}
	running.Go(func() { watch.Notify(ctx, rec, o.Log) })
	return nil
}
