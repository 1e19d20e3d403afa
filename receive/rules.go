package receive

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/pcp"
)

// metaRule is the rule of a metadata file.
type metaRule struct{ version pcp.Version }

func (r metaRule) length(head []byte) (int64, error) {
	n, err := framed(head)
	if err == nil && len(head) >= 8 {
		layout, _ := wire.For(r.version)
		tag := int32(binary.BigEndian.Uint32(head[4:]))
		if _, _, ok := wire.TagKind(tag, layout); !ok {
			return 0, fmt.Errorf("its type is %d", tag)
		}
	}
	return n, err
}

func (r metaRule) next(record []byte) (rule, error) {
	p, err := payload(record)
	if err == nil {
		_, err = archive.DecodeMeta(p, r.version)
	}
	return r, err
}

// indexRule is the rule of a temporal index.
type indexRule struct {
	version pcp.Version
	last    archive.IndexEntry
}

func (r indexRule) length([]byte) (int64, error) { return archive.IndexEntrySize(r.version), nil }

func (r indexRule) next(record []byte) (rule, error) {
	e, err := archive.DecodeIndexEntry(record, r.version)
	switch {
	case err != nil:
		return r, err
	case e.Volume < 0 || e.Volume >= MaxVolumes:
		return r, fmt.Errorf("it names volume %d", e.Volume)
	case e.Meta < 0 || e.Data < 0:
		return r, fmt.Errorf("it names the offsets %d and %d", e.Meta, e.Data)
	case e.Volume < r.last.Volume:
		return r, fmt.Errorf("volume %d after volume %d: %w", e.Volume, r.last.Volume, archive.ErrOrder)
	case goesBack(e.Stamp, r.last.Stamp):
		return r, earlier(e.Stamp, r.last.Stamp)
	}
	r.last = e
	return r, nil
}

// dataRule is the rule of the volumes, which share it: time goes on in the next one.
type dataRule struct {
	layout  *wire.Layout
	decoder *archive.ResultDecoder
	start   pcp.Timestamp // of the archive
	last    pcp.Timestamp
}

func (r dataRule) length(head []byte) (int64, error) {
	n, err := framed(head)
	if err != nil || len(head) < 4+r.layout.StampSize {
		return n, err
	}
	d := wire.NewDec(pcp.KindResult, head[4:4+r.layout.StampSize])
	return n, r.check(r.layout.Stamp(&d))
}

// slip is by how much the times of real archives may go back.
const slip = 10 * time.Microsecond

// goesBack reports whether a time is earlier than the last one.
func goesBack(t, last pcp.Timestamp) bool { return t.Before(last) && last.Sub(t) > slip }

// margin is how much earlier than the start in the archive label a record may be.
const margin = time.Hour

// check returns an error if no record may have a time.
func (r dataRule) check(t pcp.Timestamp) error {
	switch {
	case t.Nsec < 0 || t.Nsec >= 1e9 || t.Sec < 0 || t.Sec > maxYear:
		return fmt.Errorf("its time is %d s, %d ns", t.Sec, t.Nsec)
	case goesBack(t, r.last):
		return earlier(t, r.last)
	case r.start.Sub(t) > margin:
		return earlier(t, r.start)
	}
	return nil
}

func (r dataRule) next(record []byte) (rule, error) {
	p, err := payload(record)
	if err != nil {
		return r, err
	}
	result, err := r.decoder.Decode(p)
	if err == nil {
		err = r.check(result.Stamp)
	}
	if err != nil {
		return r, err
	}
	if r.last.Before(result.Stamp) {
		r.last = result.Stamp
	}
	return r, nil
}

func earlier(t, last pcp.Timestamp) error {
	const layout = "2006-01-02 15:04:05.000000000"
	return fmt.Errorf("its time is %s UTC, after %s: %w", t.Time().UTC().Format(layout), last.Time().UTC().Format(layout), archive.ErrOrder)
}
