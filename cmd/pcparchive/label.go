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
	"github.com/pcparchive/pcparchive/store"
)

type labelOptions struct {
	host, zone, zoneInfo string
	start                string
	pid                  int32
	repair               bool
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
		Long: `Print the label of an archive, and every file whose label is damaged or differs from the good
one: the label that most files have, or the first whole one of the volumes, the index and the
metadata.
With flags, write that label, corrected, to every file, as pmloglabel does; the records stay
as they are. --archive-version converts the whole archive.

The exit status is 0 on success, 1 after a failure, 2 if the command line is wrong, and 3 if
labels are damaged or differ and no flag corrects them.

Archives that no program reads because of a label can be repaired too: --repair alone takes
every field from the good label. If no file has one, the fields are those that can be
read, and --archive-version gives the format. A start after the first record becomes the time
of that record. label refuses an archive in which no record follows a label: the damage goes
on there, and 'pcparchive check --salvage' saves what is whole.

The new files are written aside, and take the places of the old ones when they are complete
and on the disk. Compressed files become plain; 'pcparchive compress' compresses them again.
label does not touch an archive that pcparchive or a pmlogger is writing.`,
		Example: `  pcparchive label rec
  pcparchive label rec --repair
  pcparchive label rec --host web1.example.com
  pcparchive label rec --zone CET-1CEST --zoneinfo :Europe/Berlin
  pcparchive label rec --start record
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
	f.StringVar(&o.start, "start", "", "start of the archive, such as 2026-01-02T15:04:05Z; record: the time of the first record")
	f.BoolVar(&o.repair, "repair", false, "write the good label to every file")
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
	if o.label.Host != nil && o.host == "" {
		return usageError{errors.New("--host: a host has a name")}
	}
	path, err := archiveAt(path)
	if err != nil {
		return err
	}
	labels, err := rewrite.ReadLabels(path, o.version)
	if err != nil {
		return explainNotArchive(err)
	}
	if o.label, err = o.started(labels); err != nil {
		return err
	}
	if o.label == (rewrite.Label{}) && o.version == 0 && !o.repair {
		return o.show(s, labels)
	}
	all, err := archive.AllMembers(labels.Base())
	if err != nil {
		return err
	}
	if err := pack.Closed(labels.Base(), all); err != nil {
		return err
	}
	if o.label != (rewrite.Label{}) || o.repair || len(labels.Faults()) > 0 {
		fit := o.label
		if o.version == pcp.V3 {
			fit.ZoneInfo = nil // version 2 has no room, and the conversion sets it
		}
		if err := labels.Repair(ctx, fit); err != nil {
			return err
		}
	}
	var report *rewrite.Report
	if o.version != 0 && o.version != labels.Good.Version {
		if report, err = o.convert(ctx, s, labels.Base()); err != nil {
			return err
		}
	}
	if labels, err = rewrite.ReadLabels(labels.Base(), 0); err != nil {
		return err
	}
	if err := o.show(s, labels); err != nil || report == nil {
		return err
	}
	return reportCopyLosses(s, nil, report)
}

// archiveAt returns the base path of the archive that a path names. A folder stands for the
// only archive in it.
func archiveAt(path string) (string, error) {
	bases, err := store.Find(splitOperands([]string{path}))
	switch len(bases) {
	case 0:
		return "", explainNotArchive(err)
	case 1:
		return bases[0], nil
	}
	return "", severalArchives(path, len(bases))
}

// started returns the label with the start that a flag sets.
func (o *labelOptions) started(labels *rewrite.Labels) (rewrite.Label, error) {
	l := o.label
	switch {
	case o.start == "":
	case o.start == "record" && labels.First.IsZero():
		return l, fmt.Errorf("%s: no record, so none gives the start", labels.Base())
	case o.start == "record":
		l.Start = &labels.First
	default:
		t, err := time.Parse(time.RFC3339Nano, o.start)
		if err != nil {
			return l, usageError{fmt.Errorf("--start: %q: want a time such as 2026-01-02T15:04:05Z, or record", o.start)}
		}
		at := pcp.TimestampOf(t)
		l.Start = &at
	}
	return l, nil
}

// convert writes an archive anew in its place in another version.
func (o *labelOptions) convert(ctx context.Context, s streams, base string) (*rewrite.Report, error) {
	r, problems, err := oneArchive(s, base)
	if err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%w; 'pcparchive check --salvage' makes a whole archive first", problems[0].Err)
	}
	report, err := rewrite.SetLabel(ctx, r, o.label, rewrite.Options{Version: o.version, Lossy: o.lossy})
	if errors.Is(err, rewrite.ErrLoss) {
		return nil, fmt.Errorf("%w; --lossy allows it", err)
	}
	return report, err
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

// show prints the label, and the files whose label is damaged or differs.
func (o *labelOptions) show(s streams, labels *rewrite.Labels) error {
	h := labels.Good
	l := shownLabel{labels.Base(), int(h.Version), h.Host, h.Zone, h.ZoneInfo, h.PID, h.Start.Time(), []string{}}
	l.Mismatches = append(l.Mismatches, labels.Faults()...)
	if o.output == outputJSON {
		if err := writeJSON(s.out, l); err != nil {
			return err
		}
	} else {
		t := newTable(s.out)
		fmt.Fprintf(t, "archive\t%s\nversion\t%d\nhost\t%s\ntime zone\t%s\nzoneinfo\t%s\npid\t%d\nstart\t%s\n",
			l.Archive, l.Version, l.Host, l.Zone, l.ZoneInfo, l.PID, l.Start.In(h.Location()).Format(time.RFC3339Nano))
		for _, line := range l.Mismatches {
			fmt.Fprintf(t, "differs\t%s\n", line)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	if len(l.Mismatches) > 0 {
		fmt.Fprintf(s.err, "'pcparchive label %s --repair' corrects the labels\n", l.Archive)
		return errFindings
	}
	return nil
}
