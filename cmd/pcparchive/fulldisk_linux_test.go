package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestFullDisk fills a small file system with each verb: it ends with a message,
// exit status 1 and nothing half written.
func TestFullDisk(t *testing.T) {
	in := killInputs(t)
	for name, k := range map[string]killTest{
		"import prom-file":   {args: []string{"import", "prom-file", in("page.om"), "-o", "out"}},
		"import tsdb":        {args: []string{"import", "tsdb", in("data"), "-o", "out", "--split-by", "none"}},
		"copy":               {args: []string{"copy", in("rec"), "out"}},
		"convert":            {args: []string{"convert", in("rec"), "out", "--step", "1m"}},
		"export tsdb":        {args: []string{"export", "tsdb", in("rec"), "-o", "."}},
		"export openmetrics": {args: []string{"export", "openmetrics", in("rec"), "--start", "start", "-o", "out.om"}},
		"import prom-url":    {args: append(recorderArgs(t, "out"), "--interval", "10ms", "--duration", "10m"), left: []string{"out.0", "out.index", "out.meta"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := syscall.Mount("none", dir, "tmpfs", 0, "size=48k"); err != nil {
				t.Skip("cannot mount:", err)
			}
			t.Cleanup(func() { assert.NoError(t, syscall.Unmount(dir, 0)) })
			var stderr strings.Builder
			path, err := os.Executable()
			require.NoError(t, err)
			cmd := &exec.Cmd{Path: path, Args: append([]string{"pcparchive"}, k.args...), Dir: dir, Stderr: &stderr}
			require.NoError(t, cmd.Start())
			hangs := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
			defer hangs.Stop()
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Wait(), &exit)
			assert.Equal(t, 1, exit.ExitCode(), stderr.String())
			assert.Contains(t, stderr.String(), "no space left on device")
			assert.Equal(t, k.left, fileNames(t, dir))
			if k.left != nil {
				assert.NotEmpty(t, stamps(t, filepath.Join(dir, "out")), "whole records")
			}
		})
	}
}
