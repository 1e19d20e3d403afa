package main

import (
	"context"
	"errors"
	"sync"

	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/serve"
)

// serveRecording answers serve's interfaces over the folder of a recording until ctx ends.
// A failure calls fail. The server has its addresses when serveRecording returns.
func (o *recorderOptions) serveRecording(ctx context.Context, running *sync.WaitGroup, fail func(error)) error {
	if len(o.watch.serve) == 0 {
		return nil
	}
	server, err := serve.New(ctx, serve.Options{
		Paths: []string{o.Dir}, Listen: o.watch.serve, WebConfig: o.watch.webConfig, Version: version(), Logger: o.Log,
		ExternalLabels: o.external,
	})
	if err != nil {
		return serveError(err)
	}
	for _, address := range server.Addresses() {
		o.Log.Info("serving the recording", "address", address)
	}
	running.Go(func() {
		if err := server.Run(ctx); err != nil {
			fail(err)
		}
	})
	return nil
}

// watched records until ctx ends, while others can watch and query.
func (o *recorderOptions) watched(ctx context.Context, rec *record.Recorder) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var watching sync.WaitGroup
	err := o.watch.start(inner, o, rec, &watching, cancel)
	if err == nil {
		err = o.serveRecording(inner, &watching, cancel)
	}
	if err != nil {
		cancel(nil)
		watching.Wait()
		return errors.Join(err, rec.Close())
	}
	err = rec.Run(inner)
	broken := context.Cause(inner)
	if inner.Err() == nil || ctx.Err() != nil || errors.Is(broken, context.Canceled) {
		broken = nil
	}
	cancel(nil)
	watching.Wait()
	return errors.Join(err, broken)
}
