package archive

import "errors"

// discard removes all files of the archive.
func (a *Appender) discard() {
	for _, f := range a.files() {
		f.discard()
	}
}

// Close ends the archive: it adds an index entry for the last record, writes
// the buffers and, unless NoSync is set, waits until the files are on the disk.
// It removes an archive that no reader could open, because it has no record or
// only marks without metadata. After a write error it removes the files to
// which nothing was written. Close waits for volumes being compressed; it is
// the only method to report that compressing one failed, in which case the
// plain volume remains.
func (a *Appender) Close() error {
	if errors.Is(a.err, ErrClosed) {
		return nil
	}
	return errors.Join(a.end(), a.lock.Release())
}

// end closes the archive while the lock is still held.
func (a *Appender) end() error {
	if !a.started || a.err == nil && a.marksOnly() && a.volume.before == 0 {
		a.discard()
		a.err = ErrClosed
		return nil
	}
	if a.err == nil {
		a.putIndex(a.meta.size())
	}
	err := a.Flush()
	switch {
	case a.opts.OnFlush && a.meta.written == 0: // the disk is full
		a.discard()
	case a.data.written > 0 && a.index.written == 0:
		a.index.discard()
	case a.data.written > 0:
	case a.volume.before > 0:
		a.data.discard()
	default:
		a.discard() // remove the label, too: readers would report it as damage
	}
	err = errors.Join(err, a.opts.Context.Err())
	last := a.data.f != nil && a.opts.CompressLast && err == nil
	for _, f := range a.files() {
		err = errors.Join(err, f.finish(a.waits() && a.opts.Context.Err() == nil))
	}
	if last && err == nil {
		a.pack()
	}
	a.err = ErrClosed
	return errors.Join(err, a.packer.wait())
}

// marksOnly reports whether the archive has neither values nor metadata.
// Readers reject such an archive.
func (a *Appender) marksOnly() bool { return !a.values && a.meta.size() <= int64(a.layout.HeaderSize) }
