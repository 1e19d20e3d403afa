package decomp

import (
	"container/list"
	"sync"
	"time"

	"github.com/pcparchive/pcparchive/internal/fileid"
)

// ID identifies one state of a file.
type ID struct {
	Name    string
	Size    int64
	ModTime time.Time
	File    fileid.ID // may be zero
}

// Cache keeps decoded windows and tables of windows, and drops the least
// recently used first. It may be used from several goroutines.
type Cache struct {
	limit  int64
	spills spills

	mu    sync.Mutex
	used  int64
	byKey map[key]*list.Element
	order list.List // of *entry, most recently used first
}

// tableOf takes the place of the window's offset in the key of a file's table of
// windows.
const tableOf = -1

type key struct {
	file   ID
	window int64 // offset of the window in the compressed file
}

type entry struct {
	key   key
	cost  int64
	data  []byte   // contents of a window; nil if it does not fit
	table []window // windows of a file
}

// NewCache returns a Cache that keeps up to limit bytes.
func NewCache(limit int64) *Cache {
	return &Cache{limit: limit, byKey: map[key]*list.Element{}}
}

// Used returns the number of bytes in the cache.
func (c *Cache) Used() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.used
}

func (c *Cache) get(k key) (*entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	el, ok := c.byKey[k]
	if !ok {
		return nil, false
	}
	c.order.MoveToFront(el)
	return el.Value.(*entry), true
}

const (
	entryCost  = 200 // approximate memory of an entry in addition to its data
	windowCost = 48
)

func (c *Cache) put(e *entry) {
	e.cost = entryCost + int64(cap(e.data)) + windowCost*int64(len(e.table))
	c.mu.Lock()
	defer c.mu.Unlock()
	if el, ok := c.byKey[e.key]; ok {
		c.remove(el)
	}
	c.byKey[e.key] = c.order.PushFront(e)
	c.used += e.cost
	for c.used > c.limit && c.order.Len() > 0 {
		c.remove(c.order.Back())
	}
}

func (c *Cache) remove(el *list.Element) {
	e := c.order.Remove(el).(*entry)
	delete(c.byKey, e.key)
	c.used -= e.cost
}
