package rewrite

import (
	"context"
	"fmt"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// Label corrects the fields of an archive's label. Nil fields stay.
type Label struct {
	Host, Zone, ZoneInfo *string
	PID                  *int32
	Start                *pcp.Timestamp
}

// SetLabel writes an archive anew in its place, as Replace does, with a corrected label in
// every file. o may also change the version.
func SetLabel(ctx context.Context, r *archive.Reader, l Label, o Options) (*Report, error) {
	o.Edit = labelEditor{l, *r.Header()}
	return Replace(ctx, r, o)
}

// labelEditor is an Editor that changes labels only.
type labelEditor struct {
	Label
	first archive.Header // the label of the archive
}

// Header gives all files the label of the archive, corrected.
func (e labelEditor) Header(h *archive.Header) {
	h.Host, h.Zone, h.ZoneInfo, h.PID, h.Start = e.first.Host, e.first.Zone, e.first.ZoneInfo, e.first.PID, e.first.Start
	if e.Host != nil {
		h.Host = *e.Host
	}
	if e.Zone != nil {
		h.Zone = *e.Zone
	}
	if e.ZoneInfo != nil {
		h.ZoneInfo = *e.ZoneInfo
	}
	if e.PID != nil {
		h.PID = *e.PID
	}
	if e.Start != nil {
		h.Start = *e.Start
	}
}

func (labelEditor) First() []archive.Record { return nil }

func (labelEditor) Meta(r archive.Record) ([]archive.Record, error) {
	return []archive.Record{r}, nil
}

func (labelEditor) Result(*archive.Result) (keep bool, err error) { return true, nil }

// differences describes the fields of a file's label that differ from those of the good one.
func differences(path string, got, want *archive.Header) (all []string) {
	for _, f := range []struct {
		name      string
		got, want any
	}{
		{"version", got.Version, want.Version}, {"process", got.PID, want.PID}, {"host", got.Host, want.Host}, {"time zone", got.Zone, want.Zone},
		{"zoneinfo", got.ZoneInfo, want.ZoneInfo}, {"start", got.Start, want.Start},
	} {
		if f.got != f.want {
			all = append(all, fmt.Sprintf("%s: %s is %v, and %v in the good label", path, f.name, f.got, f.want))
		}
	}
	return all
}
