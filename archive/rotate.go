package archive

import (
	"errors"
	"strconv"

	"github.com/pcparchive/pcparchive/pcp"
)

// volume is the data volume that an Appender is writing.
type volume struct {
	number  int32
	records int
	start   pcp.Timestamp // time of the volume's first record
	ended   bool          // the next record begins a new volume
	before  int64         // total size of the earlier volumes
}

// add counts a record.
func (v *volume) add(t pcp.Timestamp) {
	if v.records == 0 {
		v.start = t
	}
	v.records++
}

// ends reports whether a record of the given time and length must begin a new
// volume.
func (v *volume) ends(a *Appender, t pcp.Timestamp, size int64) bool {
	if v.records == 0 || a.marksOnly() && a.data.size()+size <= a.layout.MaxFile {
		return false // every volume has a record, and Close removes at most one volume of marks
	}
	o, length := &a.opts, a.data.size()+size
	return v.ended ||
		length > a.layout.MaxFile ||
		o.VolumeSize > 0 && length > o.VolumeSize ||
		o.VolumeRecords > 0 && v.records >= o.VolumeRecords ||
		o.VolumeTime > 0 && t.Sub(v.start) >= o.VolumeTime
}

// Rotate ends the data volume: the next record begins a new one. The new file
// is created together with that record, so that no volume is ever empty.
func (a *Appender) Rotate() error {
	if a.err == nil {
		a.volume.ended = a.volume.records > 0
	}
	return a.err
}

// nextVolume completes the data volume and begins the next one. The old volume
// is on the disk and in the index before the new one exists. If the name of the
// new one is taken, the archive ends whole with the old one.
func (a *Appender) nextVolume() error {
	if err := a.nextFree(); err != nil {
		a.putIndex(a.meta.size())
		return errors.Join(a.Flush(), err)
	}
	if err := a.Flush(); err != nil {
		return err
	}
	err := a.data.finish(a.waits())
	a.volume.before += a.data.written
	a.data = file{buf: a.data.buf[:0]}
	if err != nil {
		return err
	}
	a.pack()
	a.volume = volume{number: a.volume.number + 1, before: a.volume.before}
	a.indexedAt = int64(a.layout.HeaderSize)
	if a.opts.OnFlush {
		a.later(&a.data, a.volumeName())
	} else if a.data.f, err = a.open(a.volumeName()); err != nil {
		return err
	}
	a.data.buf = appendHeader(a.data.buf, a.layout, &a.header, a.volume.number)
	return nil
}

// volumeName returns the path of the data volume.
func (a *Appender) volumeName() string { return a.base + "." + strconv.Itoa(int(a.volume.number)) }

// pack compresses the complete data volume if the options ask for it.
func (a *Appender) pack() {
	if a.opts.Compress != CompressNone {
		a.packer.start(true, a.volumeName())
	}
}
