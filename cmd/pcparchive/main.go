// Command pcparchive records, reads and converts Performance Co-Pilot archives.
package main

import (
	"os"

	_ "github.com/pcparchive/pcparchive/internal/firstgc" // for its effect on a short command
)

// wholeProcess reports that the process has nothing else to do than the command, which may
// replace it. Tests call commands, too.
var wholeProcess bool

func main() {
	wholeProcess = true
	os.Exit(run(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}
