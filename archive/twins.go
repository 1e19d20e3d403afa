package archive

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/pcparchive/pcparchive/internal/decomp"
	"github.com/pcparchive/pcparchive/internal/eof"
)

// likeness is the result of comparing a compressed file with a plain one.
type likeness int

const (
	different likeness = iota
	equal
	fragment // the compressed file ends early or is damaged; the plain one contains all of it
)

// compare compares the contents of a plain and a compressed file. It returns an
// error if either cannot be read for another reason than damage.
func compare(plain, packed Member) (likeness, error) {
	p, err := OpenMember(plain, nil)
	if err != nil {
		return different, err
	}
	defer p.Close()
	c, err := OpenMember(packed, nil)
	if err != nil {
		return different, err
	}
	defer c.Close()
	if p.Compressed() {
		return different, nil
	}
	from, in := p.From(0), c.From(0)
	have, want := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, err := readSome(in, have)
		if k, short := io.ReadFull(from, want[:n]); short != nil || !bytes.Equal(have[:k], want[:k]) {
			if short != nil && !eof.Is(short) {
				return different, short
			}
			return different, nil
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			if _, more := io.ReadFull(from, want[:1]); !errors.Is(more, io.EOF) {
				return fragment, nil
			}
			return equal, nil
		case damaged(err) && !errors.Is(err, decomp.ErrLimit):
			return fragment, nil
		default:
			return different, err
		}
	}
}

// SameContents reports whether a plain and a compressed file have the same contents. It
// returns an error if either cannot be read for another reason than damage.
func SameContents(plain, packed Member) (bool, error) {
	like, err := compare(plain, packed)
	return like == equal, err
}

// settle removes one of two forms of a complete volume, which a crash between
// storing the compressed form and removing the plain one leaves. It removes the
// plain form if the compressed one has the same contents, and the compressed
// form if that is a fragment and the plain one is whole. If the contents
// differ, or a file cannot be read or removed, it keeps both.
func (a *Appender) settle(t *tail) {
	dir, name := filepath.Split(a.base)
	found, err := membersOf(dir, name)
	if err != nil {
		return
	}
	for _, plain := range t.plain {
		for _, m := range found {
			if m.Role != RoleData || m.Volume != plain.Volume || m.Compress == "" {
				continue
			}
			if gone, kept, ok := a.superfluous(t, plain, m); ok && supersede(gone.Path, a.packer.sync) == nil {
				a.recovered = append(a.recovered, Recovery{File: gone.Path, Action: RecoveryRemoved, Kept: kept.Path})
				if gone.Path == plain.Path {
					break
				}
			}
		}
	}
}

// superfluous returns the form of a volume to remove and the form to keep. ok
// is false if both must stay.
func (a *Appender) superfluous(t *tail, plain, packed Member) (gone, kept Member, ok bool) {
	like, err := compare(plain, packed)
	switch {
	case err != nil:
		return gone, kept, false
	case like == equal:
		return plain, packed, !a.packer.sync || onDisk(packed.Path) == nil
	case like == fragment:
		v, err := t.scan(plain)
		return packed, plain, err == nil && v.damage == nil && v.torn == nil
	}
	return gone, kept, false
}

// onDisk waits until a file and its directory entry are on the disk.
func onDisk(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return syncDir(name, true)
}
