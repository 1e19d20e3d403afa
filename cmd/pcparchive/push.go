package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/common/config"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/push"
	"github.com/pcparchive/pcparchive/store"
)

type pushOptions struct {
	config   string
	patience time.Duration
}

func newPushCmd(s streams) *cobra.Command {
	var o pushOptions
	cmd := &cobra.Command{
		Use:         "push ARCHIVE... URL",
		Annotations: onlyReads,
		Short:       "Send archives to a server that collects them",
		Long: `Send archives to 'pcparchive serve --receive', or to pmproxy of PCP 7, as pmlogpush does.

An ARCHIVE is the base name of an archive or any of its files; a folder stands for all
archives in it and in the folders below it. URL is the address of the server, such as
http://host:44322, and may have a user and a password.

push sends to 'pcparchive serve' what it lacks. After a lost connection, and after a
restart of the server, push continues where it was. An archive that is complete there is
not sent again, so that push may run from a timer over a folder. The server publishes an
archive when all of it has arrived. Volumes that are compressed arrive decompressed.

If push cannot send one of several archives, it sends the others. The exit status is 0 if
all archives were sent, 1 if one was not, and 2 if the command line is wrong.`,
		Example: `  pcparchive push /var/log/pcp/pmlogger/web1/20260301.00.10 http://server:44322
  pcparchive push /var/log/pcp/pmlogger https://server:44322 --http.config.file http.yml`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(2, -1, "archives and the address of a server"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPush(cmd.Context(), s, o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "http.config.file", "", "YAML `file` with TLS and authorization, as promtool takes it")
	durationVar(f, &o.patience, "patience", time.Minute, "time for which push tries to reach the server; 0: try once")
	return cmd
}

func runPush(ctx context.Context, s streams, o pushOptions, args []string) error {
	address := args[len(args)-1]
	client, err := o.client(address)
	if err != nil {
		return usageError{err}
	}
	bases, failed := store.Find(splitOperands(args[:len(args)-1]))
	for _, base := range bases {
		result, err := client.Archive(ctx, base)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%s: %w", base, err))
			continue
		}
		switch {
		case result.Already:
			fmt.Fprintf(s.out, "%s: the server has it already\n", base)
		case result.Path != "":
			fmt.Fprintf(s.out, "%s: %s sent, now %s\n", base, plural(result.Bytes, "byte"), result.Path)
		default:
			fmt.Fprintf(s.out, "%s: %s sent\n", base, plural(result.Bytes, "byte"))
		}
	}
	return explainNotArchive(failed)
}

// client returns the client of a server.
func (o pushOptions) client(address string) (*push.Client, error) {
	if o.patience < 0 {
		return nil, fmt.Errorf("--patience %s is negative", o.patience)
	}
	options := push.Options{Patience: o.patience}
	if o.patience == 0 {
		options.Patience = -1
	}
	if o.config != "" {
		settings, _, err := config.LoadHTTPConfigFile(o.config)
		if err != nil {
			return nil, fmt.Errorf("--http.config.file %s: %w", o.config, err)
		}
		transport, err := config.NewRoundTripperFromConfig(*settings, "pcparchive")
		if err != nil {
			return nil, fmt.Errorf("--http.config.file %s: %w", o.config, err)
		}
		options.Transport = transport
	}
	return push.New(address, options)
}
