package receive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/archtest"
	"github.com/pcparchive/pcparchive/pcp"
)

// folderVariable makes the test program a receiver into a folder.
const folderVariable = "PCPARCHIVE_TEST_RECEIVE"

func TestMain(m *testing.M) {
	dir := os.Getenv(folderVariable)
	if dir == "" {
		os.Exit(m.Run())
	}
	r, err := Open(dir, Options{})
	if err == nil {
		var l net.Listener
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err == nil {
			fmt.Println(l.Addr())
			err = http.Serve(l, r.Handler())
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// killedServer is a receiver in another process.
type killedServer struct {
	t   *testing.T
	dir string
	cmd *exec.Cmd
	url string
}

func (s *killedServer) start() {
	s.cmd = exec.Command(os.Args[0])
	s.cmd.Env = append(os.Environ(), folderVariable+"="+s.dir)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	require.NoError(s.t, err)
	require.NoError(s.t, s.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(s.t, err)
	s.url = "http://" + strings.TrimSpace(line)
}

func (s *killedServer) kill() {
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait()
}

// TestKill kills the receiver at random moments while a client pushes. After each kill
// the folder has every byte for which the client got a reply; at the end it has the
// archive. The client goes on in each of the three ways that there are.
func TestKill(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs signals")
	}
	kills := 20
	if n, err := strconv.Atoi(os.Getenv("PCPARCHIVE_KILLS")); err == nil {
		kills = n
	} else if testing.Short() {
		kills = 4
	}
	for killed, round := 0, 0; killed < kills; round++ {
		base := filepath.Join(t.TempDir(), "rec")
		archtest.Random(t, base, uint64(round), archtest.RandomOptions{Host: "killed", Version: pcp.Version(2 + round%2)})
		c := &killedClient{t: t, p: load(t, base), server: &killedServer{t: t, dir: t.TempDir()}, acknowledged: map[string]int{}, mode: round % 3}
		killed += c.run(1 + (kills-killed)/2)
	}
}

// killedClient pushes to a server that is killed.
type killedClient struct {
	t            *testing.T
	p            *pushed
	server       *killedServer
	number       uint32
	acknowledged map[string]int // bytes of each file for which there was a reply
	mode         int            // how the client goes on: 0 from the label, 1 by offsets, 2 by sending the part again
}

// run pushes until the archive is complete, and returns the number of kills.
func (c *killedClient) run(most int) (killed int) {
	for {
		c.server.start()
		if killed >= most {
			break
		}
		timer := time.AfterFunc(time.Duration(rand.Int64N(int64(60*time.Millisecond))), func() { _ = c.server.cmd.Process.Kill() })
		complete := c.push()
		timer.Stop()
		c.server.kill()
		c.check()
		if complete {
			c.server.start()
			break
		}
		killed++
	}
	defer c.server.kill()
	require.True(c.t, c.push())
	c.p.same(c.t, filepath.Join(c.server.dir, finish(c.t, c.server.url, c.number)))
	return killed
}

// push sends what is missing. It returns false if the server ended.
func (c *killedClient) push() bool {
	if c.number == 0 || c.mode == 0 {
		reply, ok := c.post(PathLabel, c.p.label)
		if !ok {
			return false
		}
		if c.number == 0 {
			c.number = reply.Archive
		}
		assert.Equal(c.t, c.number, reply.Archive)
	}
	for _, path := range c.p.order {
		all := c.p.files[path]
		at := c.acknowledged[path]
		if c.mode == 0 {
			at = 0
		}
		for at < len(all) {
			end := min(at+1+rand.IntN(1500), len(all))
			if c.mode == 2 {
				end = recordEnd(path, len(c.p.label), all, at)
			}
			query := ""
			if c.mode == 1 {
				query = fmt.Sprint("?offset=", at+len(c.p.label))
			}
			if _, ok := c.post(Root+path+fmt.Sprint(c.number)+query, all[at:end]); !ok {
				return false
			}
			at = end
			c.acknowledged[path] = max(at, c.acknowledged[path])
		}
	}
	return true
}

// recordEnd returns the end of the record that begins at an offset: pmlogger sends
// records.
func recordEnd(path string, label int, all []byte, at int) int {
	if path == "index/" {
		if label == 132 {
			return at + 20
		}
		return at + 32
	}
	n, _ := framed(all[at:])
	return at + int(n)
}

// post returns false if the server ended.
func (c *killedClient) post(path string, part []byte) (Reply, bool) {
	resp, err := http.Post(c.server.url+path, PartType, bytes.NewReader(part))
	if err != nil {
		return Reply{}, false
	}
	defer resp.Body.Close()
	var reply Reply
	raw, err := io.ReadAll(resp.Body)
	if err != nil || json.Unmarshal(raw, &reply) != nil {
		return Reply{}, false
	}
	require.True(c.t, reply.Success, "%s: %s", path, raw)
	return reply, true
}

// check looks for what was acknowledged.
func (c *killedClient) check() {
	for path, n := range c.acknowledged {
		suffix := "*." + strings.TrimSuffix(strings.TrimPrefix(path, "volume/"), "/")
		found, err := filepath.Glob(filepath.Join(c.server.dir, asideName, "*", suffix))
		require.NoError(c.t, err)
		require.Len(c.t, found, 1, suffix)
		raw, err := os.ReadFile(found[0])
		require.NoError(c.t, err)
		require.GreaterOrEqual(c.t, len(raw), len(c.p.label)+n)
		require.True(c.t, bytes.Equal(c.p.files[path][:n], raw[len(c.p.label):][:n]), path)
	}
}
