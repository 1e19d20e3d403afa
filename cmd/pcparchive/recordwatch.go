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
	webConfig string
}

func addWatchFlags(cmd *cobra.Command, w *watchFlags) {
	f := cmd.Flags()
	f.StringArrayVar(&w.listen, "listen", nil, "`address` for /targets, /metrics, /healthz, /-/ready and /-/reload, as host:port, or :port for all interfaces; may be repeated")
	f.StringVar(&w.webConfig, "web.config.file", "", "YAML `file` of Prometheus' exporter-toolkit with TLS, users and headers for --listen")
}

// check returns a mistake in the flags.
func (w *watchFlags) check() error {
	if w.webConfig != "" && len(w.listen) == 0 {
		return errors.New("--web.config.file has no effect without --listen")
	}
	return nil
}

// watched records until ctx ends, while others can watch.
func (o *recorderOptions) watched(ctx context.Context, rec *record.Recorder) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var watching sync.WaitGroup
	failed := make(chan error, 1)
	if len(o.watch.listen) > 0 {
		server, err := watch.New(watch.Options{
			Recorder: rec, Dir: o.Dir, Listen: o.watch.listen, WebConfig: o.watch.webConfig, Version: version(), Log: o.Log,
		})
		if err != nil {
			return errors.Join(err, rec.Close())
		}
		for _, address := range server.Addresses() {
			o.Log.Info("listening", "address", address)
		}
		watching.Go(func() {
			if err := server.Run(inner); err != nil {
				failed <- err
				cancel()
			}
		})
	}
	watching.Go(func() { watch.Notify(inner, rec, o.Log) })
	err := rec.Run(inner)
	cancel()
	watching.Wait()
	select {
	case broken := <-failed:
		return errors.Join(err, broken)
	default:
		return err
	}
}
