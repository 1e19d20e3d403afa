package main

import (
	"context"
	"log/slog"

	"github.com/pcparchive/pcparchive/record"
	"github.com/pcparchive/pcparchive/record/agentdir"
)

// folderLoader is the loader of a config.d of PCP's agent. It is made when the numbers are
// open, because the agent's order of sources gives them their numbers.
type folderLoader struct {
	dir    string
	opts   agentdir.Options
	loader *agentdir.Loader
}

// Load reads the folder.
func (l *folderLoader) Load(ctx context.Context, log *slog.Logger) (*record.Config, error) {
	if l.loader == nil {
		l.loader = agentdir.New(l.dir, l.opts)
	}
	return l.loader.Load(ctx, log)
}

// Close ends the fetches.
func (l *folderLoader) Close() error {
	if l.loader == nil {
		return nil
	}
	return l.loader.Close()
}
