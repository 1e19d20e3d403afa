package main

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the expected outputs of the scripts anew")

func TestMain(m *testing.M) {
	if !strings.HasPrefix(filepath.Base(os.Args[0]), "pcparchive.") && filepath.Base(os.Args[0]) != "pcparchive" {
		// Commands that tests call leave nothing in the user's cache. Scripts have folders of
		// their own.
		if err := os.Setenv("XDG_CACHE_HOME", filepath.Join(os.DevNull, "none")); err != nil {
			panic(err)
		}
	}
	testscript.Main(m, map[string]func(){"pcparchive": main})
}

// TestScripts runs the program as a user does.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Deadline: time.Now().Add(scriptTime),
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("XDG_CACHE_HOME", filepath.Join(e.WorkDir, ".cache"))
			e.Values[endpointsKey] = map[string]*endpoint{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": cmdExits, "serve": cmdServe, "unused": cmdUnused, "await": cmdAwait, "awaitsize": cmdAwaitSize,
			"port": cmdPort, "fetch": cmdFetch, "archive": cmdArchive, "signal": cmdSignal, "cut": cmdCut, "spoil": cmdSpoil, "empty": cmdEmpty, "age": cmdAge, "flip": cmdFlip,
		},
	})
}

// patience is how long a script waits for what must come.
const patience = time.Minute

// scriptTime bounds a script whose command does not end as it should.
const scriptTime = 3 * time.Minute

// cmdExits runs a program that must end with an exit code:
//
//	exits CODE PROGRAM ARG…
//
// Unless the code is 0, 3 or 4, at which there is a result, it must have kept
// silent on standard output.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2, "exits CODE PROGRAM ARG…")
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var status *exec.ExitError
		if !errors.As(err, &status) {
			ts.Fatalf("%v", err)
		}
		got = status.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	if want != exitOK && want != exitFindings && want != exitSkipped && ts.ReadFile("stdout") != "" {
		ts.Fatalf("a command that failed wrote to standard output")
	}
}

const endpointsKey = "endpoints"

// endpoint serves a file of the script, read anew for every request.
type endpoint struct {
	path, kind string
	hits       atomic.Int64
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	defer e.hits.Add(1)
	page, err := os.ReadFile(e.path)
	if err != nil {
		http.Error(w, "no page", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", e.kind)
	_, _ = w.Write(page)
}

// cmdServe serves a file on the loopback interface and puts its URL into a
// variable:
//
//	serve VARIABLE FILE [TYPE]
func cmdServe(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) < 2 || len(args) > 3, "serve VARIABLE FILE [TYPE]")
	e := &endpoint{path: ts.MkAbs(args[1]), kind: "text/plain; version=0.0.4"}
	if len(args) > 2 {
		e.kind = args[2]
	}
	server := httptest.NewServer(e)
	ts.Defer(server.Close)
	ts.Value(endpointsKey).(map[string]*endpoint)[args[0]] = e
	ts.Setenv(args[0], server.URL+"/metrics")
}

// cmdUnused puts a URL that refuses connections into a variable. A connection has
// the port until the script ends, so that nobody else can listen there.
func cmdUnused(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "unused VARIABLE")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	c, err := net.Dial("tcp", l.Addr().String())
	ts.Check(err)
	ts.Defer(func() { _ = c.Close() })
	ts.Setenv(args[0], "http://"+c.LocalAddr().String()+"/metrics")
}

// cmdSignal sends a signal that the command kill does not know to every program
// in the background.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "signal HUP|TERM")
	sig, ok := map[string]os.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM}[args[0]]
	usage(ts, !ok, "signal HUP|TERM")
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(sig))
	}
}

// cmdAwait waits until a served page was asked for so many times.
func cmdAwait(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "await VARIABLE NUMBER")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	e := ts.Value(endpointsKey).(map[string]*endpoint)[args[0]]
	eventually(ts, func() bool { return e.hits.Load() >= int64(n) })
}

// cmdAwaitSize waits until a file has so many bytes.
func cmdAwaitSize(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "awaitsize FILE BYTES")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	eventually(ts, func() bool {
		info, err := os.Stat(ts.MkAbs(args[0]))
		return err == nil && info.Size() >= int64(n)
	})
}

func eventually(ts *testscript.TestScript, done func() bool) {
	for end := time.Now().Add(patience); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("waited %s in vain", patience)
		}
	}
}

// cmdArchive writes an archive that is the same every time.
func cmdArchive(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2 || fixtures[args[0]] == nil, "archive KIND NAME")
	ts.Check(fixtures[args[0]](ts.MkAbs(args[1])))
}

// cmdCut shortens a file to a size or, if that is negative, by it.
func cmdCut(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "cut FILE BYTES")
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	path := ts.MkAbs(args[0])
	if n < 0 {
		info, err := os.Stat(path)
		ts.Check(err)
		n += info.Size()
	}
	ts.Check(os.Truncate(path, n))
}

// cmdSpoil makes nonsense of the length of a file's record, counted from 0, the
// label.
func cmdSpoil(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 2, "spoil FILE RECORD")
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data := []byte(ts.ReadFile(args[0]))
	at := uint32(0)
	for range n {
		at += binary.BigEndian.Uint32(data[at:])
	}
	data[at] ^= 0xff
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// cmdEmpty wants a folder to be absent or to hold nothing.
func cmdEmpty(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, neg || len(args) != 1, "empty FOLDER")
	found, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"))
	ts.Check(err)
	hidden, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), ".*"))
	ts.Check(err)
	if len(found)+len(hidden) > 0 {
		ts.Fatalf("left behind: %s", fmt.Sprint(found, hidden))
	}
}

func usage(ts *testscript.TestScript, wrong bool, text string) {
	if wrong {
		ts.Fatalf("usage: %s", text)
	}
}
