package record

import "sync"

// closing closes and compresses archives that have ended, a few at a time.
type closing struct {
	mu    sync.Mutex
	group sync.WaitGroup
	queue []func()
	busy  int
}

// closers is the number of archives that are closed at the same time.
const closers = 2

// add closes an archive soon.
func (c *closing) add(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, f)
	if c.busy < closers {
		c.busy++
		c.group.Go(c.work)
	}
}

// work closes archives until none is left.
func (c *closing) work() {
	for {
		c.mu.Lock()
		if len(c.queue) == 0 {
			c.busy--
			c.mu.Unlock()
			return
		}
		f := c.queue[0]
		c.queue[0] = nil
		c.queue = c.queue[1:]
		c.mu.Unlock()
		f()
	}
}

// wait waits until all archives are closed.
func (c *closing) wait() { c.group.Wait() }
