package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/internal/safetext"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/store"
)

// hostInfo is a host with the time zone in which its times are printed.
type hostInfo struct {
	*store.HostInfo
	zone *time.Location
}

func (o infoOptions) print(w io.Writer, all []hostInfo, single bool) error {
	if o.output == outputJSON {
		return writeJSON(w, map[string]any{"hosts": all})
	}
	for i, host := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := o.printHost(w, host, single); err != nil {
			return err
		}
	}
	return nil
}

func (o infoOptions) printHost(w io.Writer, host hostInfo, single bool) error {
	if !single {
		printHostInfo(w, host)
	}
	for _, info := range host.Archives {
		if !single {
			fmt.Fprintln(w)
		}
		if !o.metrics || !single {
			if err := printInfo(w, info, host.zone); err != nil {
				return err
			}
		}
		if o.metrics {
			if err := printMetrics(w, info.MetricList); err != nil {
				return err
			}
		}
	}
	return nil
}

func printHostInfo(w io.Writer, host hostInfo) {
	fmt.Fprintf(w, "host %s, %s to %s, %s, %s\n", host.Host,
		formatTime(pcp.TimestampOf(host.Start), host.zone), formatTime(pcp.TimestampOf(host.End), host.zone),
		plural(len(host.Archives), "archive"), humanize.IBytes(uint64(host.Bytes)))
}

func printMetrics(w io.Writer, list []store.MetricInfo) error {
	tw := newTable(w)
	fmt.Fprintln(tw, "METRIC\tTYPE\tSEMANTICS\tUNITS\tHELP")
	for _, m := range list {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", safetext.Line(m.Name), m.Type, m.Semantics, m.Units, safetext.Line(m.OneLine))
	}
	return tw.Flush()
}

func printInfo(w io.Writer, info *store.ArchiveInfo, zone *time.Location) error {
	tw := newTable(w)
	line := func(name, format string, args ...any) { fmt.Fprintf(tw, name+"\t"+format+"\n", args...) }
	line("archive", "%s (version %d)", info.Archive, info.Version)
	line("host", "%s", info.Host)
	if len(info.Names) > 0 {
		line("hostname", "%s, in the labels of its series", strings.Join(info.Names, ", "))
	}
	line("time zone", "%s", strings.TrimSpace(info.Zone+" "+info.ZoneInfo))
	line("start", "%s", formatTime(pcp.TimestampOf(info.Start), zone))
	line("end", "%s", formatTime(pcp.TimestampOf(info.End), zone))
	line("duration", "%s", time.Duration(info.Duration*float64(time.Second)).Round(time.Millisecond))
	for _, f := range info.Files {
		line("file", "%s  %s", filepath.Base(f.Name), humanize.IBytes(uint64(f.Bytes)))
	}
	line("size", "%s", humanize.IBytes(uint64(info.Bytes)))
	line("metrics", "%d", info.Metrics)
	line("instances", "%d in %s", info.Instances, plural(info.InDoms, "domain"))
	if info.RecordCounts != nil {
		line("series", "%d", info.Series)
		line("records", "%d, %d of them marks, with %s", info.Records, info.Marks, plural(info.Values, "value"))
	} else {
		line("records", "not counted; --count reads the data volumes")
	}
	line("label sets", "%d", info.LabelSets)
	line("help texts", "%d", info.Texts)
	line("index", "%s", plural(info.Index, "entry"))
	for _, d := range info.Damage {
		line("damage", "%s", d)
	}
	return tw.Flush()
}
