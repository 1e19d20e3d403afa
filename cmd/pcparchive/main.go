// Command pcparchive records, reads and converts Performance Co-Pilot archives.
package main

import (
	"os"

	_ "github.com/pcparchive/pcparchive/internal/firstgc" // for its effect on a short command
)

func main() {
	os.Exit(run(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}
