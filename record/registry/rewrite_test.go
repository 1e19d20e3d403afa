package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/pcp"
)

// steps are the steps of a rewriting that may wait for the disk.
var steps = []string{"create", "write", "sync", "rename", "renamed"}

// commits gives numbers to new instances and makes them durable, as the scrapes of targets
// with new series do.
type commits struct {
	t     *testing.T
	reg   *Registry
	m     *metric
	given map[string]pcp.InstID // by key
}

func (c *commits) add(key string) {
	in, err := c.m.Instance(key, describe)
	require.NoError(c.t, err)
	require.NoError(c.t, c.reg.Sync())
	c.given[key] = in.ID
}

// inTime adds an instance while the rewriting stands still.
func (c *commits) inTime(step string, key string) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		in, err := c.m.Instance(key, describe)
		if assert.NoError(c.t, err, step) && assert.NoError(c.t, c.reg.Sync(), step) {
			c.given[key] = in.ID
		}
	}()
	select {
	case <-done:
	case <-time.After(time.Minute):
		panic("a commit waits for the registry to be written anew, step " + step)
	}
}

// afterKill checks what Open finds if the process is killed now.
func (c *commits) afterKill(step string) {
	o := c.reg.opts
	o.Dir = c.t.TempDir()
	text, err := os.ReadFile(c.reg.file.name)
	require.NoError(c.t, err, step)
	require.NoError(c.t, os.WriteFile(filepath.Join(o.Dir, FileName), text, 0o600))
	again, err := Open(o)
	require.NoError(c.t, err, step)
	m := metricOf(c.t, again)
	for key, id := range c.given {
		in, ok := m.instances.Get(key)
		require.True(c.t, ok, "%s: %s", step, key)
		require.Equal(c.t, id, in.id, step)
	}
	require.NoError(c.t, again.Close())
}

func newCommits(t *testing.T, now *time.Time) *commits {
	r := opened(t, now)
	return &commits{t, r, metricOf(t, r), map[string]pcp.InstID{}}
}

// grow makes the file so long that it is written anew in the background.
func (c *commits) grow() {
	for i := range 13 {
		key := fmt.Sprintf("a\xff%d%s\xff", i, strings.Repeat("x", 100_000))
		in, err := c.m.Instance(key, describe)
		require.NoError(c.t, err)
		c.given[key] = in.ID
	}
	require.NoError(c.t, c.reg.Sync())
}

// A commit does not wait while the file is written anew, whatever the disk does at that
// moment. A kill at any moment loses no number that an archive may have.
func TestCommitDuringRewriting(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	c := newCommits(t, &now)
	c.add("a\xff1\xff")
	var seen []string
	c.reg.file.hook = func(step string) {
		seen = append(seen, step)
		for i := range 3 {
			c.inTime(step, fmt.Sprintf("a\xff%s%d\xff", step, i))
			c.afterKill(step)
		}
		c.inTime(step, "a\xff"+step+strings.Repeat("y", 2*smallTail)+"\xff")
	}
	c.grow()
	c.reg.background.Wait()
	assert.Equal(t, steps, seen)
	assert.Less(t, c.reg.file.snapshot, c.reg.file.size)
	c.reg.file.hook = nil
	c.afterKill("later")
	c.add("a\xfflast\xff")
	c.afterKill("last")
	require.NoError(t, c.reg.Close())
	c.afterKill("closed")
	assert.Len(t, c.given, 1+13+4*len(steps)+1)
}

// If the file cannot be written anew, the old one stays in force, and the next attempt
// comes when it has grown again.
func TestRewritingFails(t *testing.T) {
	for _, at := range []string{"create", "rename"} {
		t.Run(at, func(t *testing.T) {
			now := time.Unix(1_800_000_000, 0)
			c := newCommits(t, &now)
			next := c.reg.file.name + ".new"
			c.reg.file.hook = func(step string) {
				c.inTime(step, "a\xff"+step+"\xff")
				switch {
				case step == at && at == "create":
					require.NoError(t, os.MkdirAll(filepath.Join(next, "in the way"), 0o755))
				case step == at:
					require.NoError(t, os.Remove(next))
				}
			}
			c.grow()
			c.reg.background.Wait()
			assert.Nil(t, c.reg.file.next)
			assert.Equal(t, c.reg.file.size, c.reg.file.snapshot)
			c.reg.file.hook = nil
			c.add("a\xfflater\xff")
			c.afterKill(at)
			_ = os.RemoveAll(next)
			require.NoError(t, c.reg.Close())
			c.afterKill("closed")
		})
	}
}
