package archive

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"github.com/pcparchive/pcparchive/internal/ctxio"
	"github.com/pcparchive/pcparchive/internal/defect"
)

// packer compresses complete volumes in the background, one at a time.
type packer struct {
	base  string
	files *FilePool // may be nil
	how   Compression
	sync  bool
	open  func(name string) (disk, error)
	ctx   context.Context // ends the compression early
	// queues makes start return at once: a record must not wait for a compression.
	// Otherwise start waits for earlier volumes, so that few plain ones take space.
	queues bool

	mu    sync.Mutex
	queue []packing
	idle  chan struct{} // closed when the queue is done; nil if it never had an element
	err   error         // the first error

	saved atomic.Int64
	// plain and stored are the total sizes of the Appender's own volumes before
	// and after compression.
	plain, stored atomic.Int64
}

// share returns the ratio of compressed to plain size of the Appender's own
// volumes, 1 if none is compressed yet.
func (p *packer) share() float64 {
	plain := p.plain.Load()
	if plain <= 0 {
		return 1
	}
	return float64(p.stored.Load()) / float64(plain)
}

// packing is a volume to compress. own says that this Appender wrote it.
type packing struct {
	name string
	own  bool
}

// start begins to compress volumes. own says that this Appender wrote them.
func (p *packer) start(own bool, names ...string) {
	if !p.queues {
		_ = p.wait() // the error stays in p.err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := len(p.queue) == 0 && len(names) > 0
	for _, name := range names {
		p.queue = append(p.queue, packing{name, own})
	}
	if idle {
		p.idle = make(chan struct{})
		go p.work(p.idle)
	}
}

// work compresses the volumes of the queue, one at a time.
func (p *packer) work(idle chan<- struct{}) {
	defer close(idle)
	for more := true; more; {
		p.mu.Lock()
		next := p.queue[0]
		p.mu.Unlock()
		err := defect.Guard(func() error {
			return p.files.pack(func() error { return p.pack(next.name, next.own) })
		})
		p.mu.Lock()
		if err != nil && p.err == nil {
			p.err = err
		}
		p.queue = p.queue[1:]
		more = len(p.queue) > 0
		p.mu.Unlock()
	}
}

// wait waits for the volumes being compressed and returns the first error of
// all. After an error the plain volume remains and compression continues with
// the next volume.
func (p *packer) wait() error {
	p.mu.Lock()
	idle := p.idle
	p.mu.Unlock()
	if idle != nil {
		<-idle
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// pack replaces a volume by its compressed form. It removes the plain one when
// the compressed one is complete, in place and on the disk; until then readers
// use the plain one.
func (p *packer) pack(name string, own bool) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	packed := name + p.how.Suffix()
	open := func(name string) (disk, error) {
		f, err := p.open(name)
		if err != nil {
			return nil, err
		}
		return packInto(f, p.how)
	}
	err = writeAside(p.base, packed, p.sync, open, func(w io.Writer) error {
		_, err := io.Copy(w, ctxio.NewReader(p.ctx, in))
		return err
	})
	if err != nil {
		return fmt.Errorf("%s stays as it is: %w", name, err)
	}
	p.adopt(packed, info, own)
	if err := in.Close(); err != nil { // some systems cannot remove an open file
		return err
	}
	return supersede(name, p.sync)
}

// adopt gives the compressed volume the time and the permissions of the plain
// one, as compression programs do, so as not to mislead programs that remove
// old files. It ignores errors.
func (p *packer) adopt(packed string, plain os.FileInfo, own bool) {
	_ = os.Chmod(packed, plain.Mode().Perm())
	_ = os.Chtimes(packed, plain.ModTime(), plain.ModTime())
	if info, err := os.Stat(packed); err == nil {
		p.saved.Add(plain.Size() - info.Size())
		if own {
			p.plain.Add(plain.Size())
			p.stored.Add(info.Size())
		}
	}
}
