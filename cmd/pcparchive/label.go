package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pack"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

type labelOptions struct {
	host, zone, zoneInfo string
	pid                  int32
	version              pcp.Version
	lossy                bool
	output               outputFormat
	label                rewrite.Label
}

func newLabelCmd(s streams) *cobra.Command {
	var o labelOptions
	cmd := &cobra.Command{
		Use:   "label ARCHIVE",
		Short: "Show or correct the label of an archive: host, time zone, version",
		Long: `Print the label of an archive, and every file whose label differs from that of the first
volume. With flags, write the archive anew in its place with a corrected label in every
file, as pmloglabel does; --archive-version converts the whole archive. The exit status is 3
if labels differ and no flag corrects them.

The new archive is written aside, and takes the place of the old one when it is complete and
on the disk. Compressed files become plain; 'pcparchive compress' compresses them again.
label does not touch an archive that pcparchive or a pmlogger is writing.`,
		Example: `  pcparchive label rec
  pcparchive label rec --host web1.example.com
  pcparchive label rec --zone CET-1CEST --zoneinfo :Europe/Berlin
  pcparchive label rec --archive-version 3`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, 1, "an archive"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runLabel(cmd.Context(), s, o.given(cmd), args[0])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.host, "host", "", "name of the host")
	f.StringVar(&o.zone, "zone", "", "time zone in the form of the variable TZ, such as CET-1CEST")
	f.StringVar(&o.zoneInfo, "zoneinfo", "", "name of the time zone, such as :Europe/Berlin; version 3 only")
	f.Int32Var(&o.pid, "pid", 0, "process that wrote the archive")
	addVersionFlag(cmd, &o.version, "archive format, 2 or 3")
	f.BoolVar(&o.lossy, "lossy", false, "leave out data that the format cannot hold, and report it")
	addOutputFlag(cmd, &o.output)
	return cmd
}

// given returns the options with the fields of the label that flags set.
func (o labelOptions) given(cmd *cobra.Command) labelOptions {
	changed := func(flag string) bool { return cmd.Flags().Changed(flag) }
	if changed("host") {
		o.label.Host = &o.host
	}
	if changed("zone") {
		o.label.Zone = &o.zone
	}
	if changed("zoneinfo") {
		o.label.ZoneInfo = &o.zoneInfo
	}
	if changed("pid") {
		o.label.PID = &o.pid
	}
	return o
}

func runLabel(ctx context.Context, s streams, o labelOptions, path string) error {
	r, problems, err := oneArchive(s, path)
	if err != nil {
		return err
	}
	if o.label == (rewrite.Label{}) && o.version == 0 {
		return o.show(s, r)
	}
	if o.label.Host != nil && o.host == "" {
		return usageError{errors.New("--host: a host has a name")}
	}
	all, err := archive.AllMembers(r.Base())
	if err != nil {
		return err
	}
	if err := pack.Closed(r.Base(), all); err != nil {
		return err
	}
	if len(problems) > 0 {
		return fmt.Errorf("%w; 'pcparchive check --salvage' makes a whole archive first", problems[0])
	}
	base := r.Base()
	report, err := rewrite.SetLabel(ctx, r, o.label, rewrite.Options{Version: o.version, Lossy: o.lossy})
	if errors.Is(err, rewrite.ErrLoss) {
		return fmt.Errorf("%w; --lossy allows it", err)
	}
	if err != nil {
		return err
	}
	if r, err = archive.Open(base, nil); err != nil {
		return err
	}
	if err := o.show(s, r); err != nil {
		return err
	}
	return reportCopyLosses(s, report)
}

// shownLabel is the JSON of label.
type shownLabel struct {
	Archive    string    `json:"archive"`
	Version    int       `json:"version"`
	Host       string    `json:"host"`
	Zone       string    `json:"timezone"`
	ZoneInfo   string    `json:"zoneinfo"`
	PID        int32     `json:"pid"`
	Start      time.Time `json:"start"`
	Mismatches []string  `json:"mismatches"`
}

// show prints the label, and the files that have another one.
func (o *labelOptions) show(s streams, r *archive.Reader) error {
	h := r.Header()
	l := shownLabel{r.Base(), int(h.Version), h.Host, h.Zone, h.ZoneInfo, h.PID, h.Start.Time(), []string{}}
	l.Mismatches = append(l.Mismatches, rewrite.LabelMismatches(r)...)
	if o.output == outputJSON {
		if err := writeJSON(s.out, l); err != nil {
			return err
		}
	} else {
		t := newTable(s.out)
		fmt.Fprintf(t, "archive\t%s\nversion\t%d\nhost\t%s\ntime zone\t%s\nzoneinfo\t%s\npid\t%d\nstart\t%s\n",
			l.Archive, l.Version, l.Host, l.Zone, l.ZoneInfo, l.PID, l.Start.In(r.Location()).Format(time.RFC3339Nano))
		for _, line := range l.Mismatches {
			fmt.Fprintf(t, "differs\t%s\n", line)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if len(l.Mismatches) > 0 {
		return errFindings
	}
	return nil
}
