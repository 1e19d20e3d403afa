package receive

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/pcparchive/pcparchive/internal/outlock"
)

// Options configure a [Receiver]. The zero value of a field means its default.
type Options struct {
	// Idle is the time after which an archive is complete if nothing more arrives. A
	// client may ask for another one.
	Idle time.Duration
	// Abandon is the time after which an archive that ends inside a record, or of which
	// the index is further than the data, is published as far as it arrived.
	Abandon time.Duration
	// MaxArchive is the number of bytes of an archive.
	MaxArchive int64
	// MaxOpen is the number of archives that are being received at a time.
	MaxOpen int
	// Rate is the number of bytes in a second that an archive may grow. A client that
	// sends faster has to wait.
	Rate int64
	// Memory is the number of bytes of parts that are held at a time.
	Memory int64
	// Shown is called when readers can find a new archive; may be nil.
	Shown func()
	// Move calls move, which moves a complete archive to its place, while nothing looks
	// for archives. Nil means that move may run at any time.
	Move func(move func() error) error
	// Logger takes events. Nil means none.
	Logger *slog.Logger

	now func() time.Time // for tests
}

// The defaults of [Options]. Idle is that of pmproxy.
const (
	DefaultIdle       = 10 * time.Minute
	DefaultAbandon    = 24 * time.Hour
	DefaultMaxArchive = 16 << 30
	DefaultMaxOpen    = 2000
	DefaultRate       = 64 << 20
	defaultMemory     = 256 << 20
)

func (o Options) withDefaults() Options {
	o.Idle, o.Abandon = cmp.Or(o.Idle, DefaultIdle), cmp.Or(o.Abandon, DefaultAbandon)
	o.MaxArchive, o.MaxOpen = cmp.Or(o.MaxArchive, DefaultMaxArchive), cmp.Or(o.MaxOpen, DefaultMaxOpen)
	o.Rate, o.Memory = cmp.Or(o.Rate, DefaultRate), max(cmp.Or(o.Memory, defaultMemory), MaxPart)
	if o.Shown == nil {
		o.Shown = func() {}
	}
	if o.Move == nil {
		o.Move = func(move func() error) error { return move() }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.now == nil {
		o.now = time.Now
	}
	return o
}

// asideName is the folder of archives that are being received.
const asideName = ".receiving"

// Receiver receives archives into a folder.
type Receiver struct {
	dir    string
	opts   Options
	lock   *outlock.Lock
	memory *semaphore.Weighted

	labels sync.Mutex // held while a label is received; before mu, and before that of an archive

	mu      sync.Mutex // held last
	byID    map[uint32]*incoming
	byLabel map[string]*incoming
	ended   map[uint32]string // where archives were published, as far as the receiver remembers
	counts  Counts
}

// Counts are numbers of events since the receiver began.
type Counts struct {
	Open, Started, Resumed, Published, Damaged int
	Parts, Refused                             int
	Bytes                                      int64
}

// Open returns a Receiver into a folder, which it creates if it does not exist. It
// continues with the archives that an earlier one left. The error is an
// [*archive.InUseError] if another process receives into the folder.
func Open(dir string, o Options) (*Receiver, error) {
	r := &Receiver{dir: filepath.Clean(dir), opts: o.withDefaults(), byID: map[uint32]*incoming{}, byLabel: map[string]*incoming{}, ended: map[uint32]string{}}
	r.memory = semaphore.NewWeighted(r.opts.Memory)
	if err := os.MkdirAll(r.dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := outlock.Take(r.aside())
	if err != nil {
		return nil, err
	}
	r.lock = lock
	if err := os.Mkdir(r.aside(), 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, errors.Join(err, r.Close())
	}
	if err := errors.Join(r.completeMoves(), r.recover()); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// aside returns the folder of archives that are being received.
func (r *Receiver) aside() string { return filepath.Join(r.dir, asideName) }

// completeMoves completes the moves of archives during which a receiver was killed.
func (r *Receiver) completeMoves() error {
	left, err := filepath.Glob(filepath.Join(r.dir, "*", outlock.Prefix+"*"))
	if err != nil {
		return err
	}
	done := map[string]bool{filepath.Clean(r.aside()): true}
	for _, path := range left {
		if dir := filepath.Dir(path); !done[dir] {
			done[dir] = true
			lock, err := outlock.TakeFolder(dir)
			if err != nil {
				return err
			}
			if err := lock.Release(); err != nil {
				return err
			}
		}
	}
	return nil
}

// Close ends receiving. Archives that are not complete stay for the next Receiver.
func (r *Receiver) Close() error {
	r.mu.Lock()
	all := make([]*incoming, 0, len(r.byID))
	for _, in := range r.byID {
		all = append(all, in)
	}
	clear(r.byID)
	clear(r.byLabel)
	r.mu.Unlock()
	var failed error
	for _, in := range all {
		in.mu.Lock()
		if !in.ended {
			in.ended = true
			failed = errors.Join(failed, in.lock.Release())
		}
		in.mu.Unlock()
	}
	return errors.Join(failed, r.lock.Release())
}

// Counts returns the numbers of events.
func (r *Receiver) Counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.counts
	c.Open = len(r.byID)
	return c
}

// count changes the numbers of events.
func (r *Receiver) count(change func(*Counts)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.counts)
}

// add makes an archive known by its number and its label. The caller holds r.mu, or has
// not published r yet.
func (r *Receiver) add(in *incoming) {
	r.byID[in.number], r.byLabel[string(in.label.raw)] = in, in
}

// begin receives a label, and returns the archive. It continues an archive with the same
// label that is not complete.
func (r *Receiver) begin(raw []byte, idle time.Duration) (*incoming, error) {
	l, refusal := parseLabel(raw)
	if refusal != nil {
		return nil, refusal
	}
	r.labels.Lock()
	defer r.labels.Unlock()
	r.mu.Lock()
	in, open := r.byLabel[string(l.raw)], len(r.byID)
	r.mu.Unlock()
	if in != nil && r.resume(in, idle) {
		return in, nil
	}
	if open >= r.opts.MaxOpen {
		return nil, &Refusal{Status: http.StatusServiceUnavailable, Reason: fmt.Sprintf("the limit of archives received at a time is reached: %d", open), RetryAfter: time.Minute}
	}
	in = &incoming{number: r.number(), label: l, idle: idle, touched: r.opts.now(), pace: r.pace()}
	if err := r.place(in); err != nil {
		return nil, err
	}
	in.dir = filepath.Join(r.aside(), outlock.Prefix+strconv.FormatUint(uint64(in.number), 10))
	if err := in.create(); err != nil {
		return nil, errors.Join(err, in.lock.Release())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.add(in)
	r.counts.Started++
	r.opts.Logger.Info("receiving an archive", "host", l.Host, "archive", in.name, "number", in.number)
	return in, nil
}

// resume lets a client begin again with an archive. It returns false if the archive has
// ended meanwhile.
func (r *Receiver) resume(in *incoming, idle time.Duration) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ended {
		return false
	}
	in.restart()
	in.touched, in.idle = r.opts.now(), idle
	r.count(func(c *Counts) { c.Resumed++ })
	return true
}

// number returns a number that no archive has, and that nobody can guess.
func (r *Receiver) number() uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		var raw [4]byte
		_, _ = rand.Read(raw[:]) // never fails
		n := binary.BigEndian.Uint32(raw[:]) >> 1
		if _, ended := r.ended[n]; n != 0 && !ended && r.byID[n] == nil {
			return n
		}
	}
}
