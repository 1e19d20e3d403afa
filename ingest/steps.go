package ingest

import (
	"cmp"
	"context"
	"errors"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert"
	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/rewrite"
)

// Steps makes one archive of steps, such as those that a stage leaves of another
// archive. The archive takes host and time zone from the header, and the version
// unless [Options] have one. Options about series have no effect; the Result does
// not count series and samples.
func (im *Importer) Steps(ctx context.Context, src history.Source, h archive.Header) (res *Result, err error) {
	o := &im.opts
	aside, err := rewrite.NewAside(o.Out)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, aside.Remove()) }()
	label := archive.Header{Host: h.Host, PID: h.PID, Zone: h.Zone, ZoneInfo: h.ZoneInfo}
	file, err := archive.Create(aside.Base(), label, &archive.WriteOptions{
		Version: cmp.Or(o.Version, h.Version), VolumeSize: o.VolumeSize, NoLock: true, AsIs: true,
		Compress: o.Compress, CompressLast: o.Compress != archive.CompressNone, Context: ctx,
	})
	if err != nil {
		return nil, err
	}
	sink := convert.NewToArchive(file)
	if err := errors.Join(convert.Copy(ctx, sink, src), sink.Close()); err != nil {
		return nil, err
	}
	if err := aside.Publish(); err != nil {
		return nil, err
	}
	return &Result{Archives: []Archive{{Path: o.Out, Host: h.Host}}, Replaced: aside.Replaced()}, nil
}
