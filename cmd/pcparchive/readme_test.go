package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// shownCommand is a command line of a document, with the lines of its output.
type shownCommand struct {
	line   string
	output []string
}

// shownCommands returns the command lines in a document's blocks of code.
func shownCommands(t *testing.T, file string) (all []shownCommand) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for i, block := range strings.Split(string(text), "```") {
		if i%2 == 0 {
			continue
		}
		for _, line := range strings.Split(block, "\n")[1:] {
			if rest, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, shownCommand{line: rest})
			} else if len(all) > 0 && strings.TrimSpace(line) != "" && strings.Contains(block, "\n$ ") {
				last := &all[len(all)-1]
				last.output = append(last.output, line)
			}
		}
	}
	return all
}

// calls returns the arguments of each call of pcparchive in a command line, as a shell
// passes them.
func (c shownCommand) calls(t *testing.T) (calls [][]string) {
	t.Helper()
	dir := t.TempDir()
	shell := exec.Command("sh", "-c", `pcparchive() { printf '%s\0' "$@" "$(printf '\001')" >>args; }; `+c.line)
	shell.Dir, shell.Env = dir, []string{"PATH=" + dir} // other programs are not found
	_ = shell.Run()
	text, err := os.ReadFile(filepath.Join(dir, "args"))
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	for call := range strings.SplitSeq(strings.TrimSuffix(string(text), "\x01\x00"), "\x01\x00") {
		calls = append(calls, strings.Split(strings.TrimSuffix(call, "\x00"), "\x00"))
	}
	return calls
}

// TestCommandsOfDocuments wants commands and flags that the program has.
func TestCommandsOfDocuments(t *testing.T) {
	files, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	var commands []shownCommand
	for _, file := range append(files, "../../README.md") {
		commands = append(commands, shownCommands(t, file)...)
	}
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("rules.yml", []byte("- action: labeldrop\n  regex: x\n"), 0o600)) // a flag reads it
	shown := 0
	for _, c := range commands {
		for _, args := range c.calls(t) {
			var errors bytes.Buffer
			status := run(append(args, "--help"), streams{out: io.Discard, err: &errors})
			assert.Zero(t, status, "%s: %s", c.line, &errors)
			shown++
		}
	}
	assert.Greater(t, shown, 60)
}

// readmePage has the metrics that the README shows.
const readmePage = `# HELP go_gc_duration_seconds A summary of the pause duration of garbage collection cycles.
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0"} 1.3763e-05
go_gc_duration_seconds{quantile="0.25"} 3.6746e-05
go_gc_duration_seconds{quantile="0.5"} 3.86e-05
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 5
node_cpu_seconds_total{cpu="0",mode="system"} 6
node_cpu_seconds_total{cpu="0",mode="user"} 7
`

// writeReadmeLogger writes an archive with the metric of PCP's logger that the README shows.
func writeReadmeLogger(t *testing.T, base string) {
	t.Helper()
	b, err := archive.NewBuilder(base, "vm", nil)
	require.NoError(t, err)
	load := b.Metric("kernel.all.load", pcp.TypeFloat, pcp.SemInstant, pcp.Units{}, "1 minute", "5 minute", "15 minute")
	require.NoError(t, b.Appender().SetText(&meta.Text{
		Type: meta.TextOneLine | meta.TextPMID, Ident: uint32(load.Desc().PMID), Text: "1, 5 and 15 minute load average",
	}))
	for i := range 8 {
		load.Set(11.25+float64(i)/4, 10.25, 10.5)
		require.NoError(t, b.Record(time.Unix(1795951390+int64(i)*4, 500_000_000)))
	}
	require.NoError(t, b.Close())
}

// TestOutputOfReadme runs the commands of the README that show their output, and wants lines
// of that form.
func TestOutputOfReadme(t *testing.T) {
	commands := shownCommands(t, "../../README.md")
	t.Chdir(t.TempDir())
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, readmePage) }))
	defer srv.Close()
	for _, name := range []string{"lg", "20180416"} {
		writeReadmeLogger(t, name)
	}
	require.NoError(t, os.WriteFile("site.key", bytes.Repeat([]byte("k"), 32), 0o600))
	here := strings.NewReplacer("http://localhost:9100", strings.Replace(srv.URL, "127.0.0.1", "localhost", 1), "60s", "1200ms", "1s", "100ms")
	// The README shows an archive before it records it.
	records := slices.IndexFunc(commands, func(c shownCommand) bool {
		return strings.HasPrefix(c.line, "pcparchive import prom-url") && c.output != nil
	})
	commands = slices.Insert(slices.Delete(slices.Clone(commands), records, records+1), 0, commands[records])
	checked := 0
	for _, c := range commands {
		calls := c.calls(t)
		if len(calls) != 1 || c.output == nil || strings.Contains(c.line, "--server") || calls[0][0] == "serve" {
			continue
		}
		args := calls[0]
		for i := range args {
			args[i] = here.Replace(args[i])
		}
		var out bytes.Buffer
		status := run(args, streams{in: strings.NewReader(readmePage), out: &out, err: &out})
		require.Zero(t, status, "%s: %s", c.line, &out)
		printed := shapes(strings.Split(out.String(), "\n"))
		for _, want := range shapes(c.output) {
			if want != "…" {
				assert.Contains(t, printed, want, c.line)
				checked++
			}
		}
	}
	assert.Greater(t, checked, 50)
}

// shapes returns lines without what differs between two recordings: numbers, units of
// sizes, names of blocks, white space and the name of the host.
func shapes(lines []string) []string {
	host, _ := os.Hostname()
	var all []string
	for _, line := range lines {
		line = strings.ReplaceAll(line, host, "vm")
		line = regexp.MustCompile(`\b[0-9A-Z]{26}\b`).ReplaceAllString(line, "ULID")
		line = regexp.MustCompile(`[0-9][0-9.,]*(e-[0-9]+)?`).ReplaceAllString(line, "0")
		line = regexp.MustCompile(`0 ([KMG]i)?B\b`).ReplaceAllString(line, "0 B")
		all = append(all, strings.Join(strings.Fields(line), " "))
	}
	return all
}
