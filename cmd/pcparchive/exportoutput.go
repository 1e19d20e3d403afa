package main

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/tsdb/write"
)

// blocksOutput is the JSON that export tsdb prints.
type blocksOutput struct {
	Blocks   []blockOutput    `json:"blocks"`
	Replaced []replacedOutput `json:"replaced"`
	Kept     []keptOutput     `json:"kept"`
	Overlaps []overlapOutput  `json:"overlaps"`
	Losses   []prom.LossCount `json:"losses"`
	zone     *time.Location
}

type blockOutput struct {
	ULID    string    `json:"ulid"`
	Dir     string    `json:"dir"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Series  uint64    `json:"series"`
	Samples uint64    `json:"samples"`
	Bytes   int64     `json:"bytes"`
}

// replacedOutput is a block of an earlier run that was removed because a new block has
// all its samples.
type replacedOutput struct {
	ULID string `json:"ulid"`
	Dir  string `json:"dir"`
}

// keptOutput is an existing block in place of which no block was written.
type keptOutput struct {
	Dir      string    `json:"dir"`
	Start    time.Time `json:"start"` // start of the block that was not written
	End      time.Time `json:"end"`
	Finished bool      `json:"finished"`
	Common   int       `json:"common_series"`
	Series   string    `json:"series,omitempty"`
}

// overlapOutput is a block of the server that overlaps a new one in time.
type overlapOutput struct {
	Block string    `json:"block"`
	Dir   string    `json:"dir"`
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

func newBlocksOutput(blocks *write.Blocks, report *prom.Report) *blocksOutput {
	out := &blocksOutput{zone: time.UTC, Blocks: []blockOutput{}, Replaced: []replacedOutput{}, Kept: []keptOutput{}, Overlaps: []overlapOutput{}, Losses: report.Losses()}
	for _, b := range blocks.Written() {
		out.Blocks = append(out.Blocks, blockOutput{
			ULID: b.ULID.String(), Dir: b.Dir, Start: utc(b.MinTime), End: utc(b.MaxTime - 1),
			Series: b.Series, Samples: b.Samples, Bytes: b.Bytes,
		})
	}
	for _, r := range blocks.Replaced() {
		out.Replaced = append(out.Replaced, replacedOutput{r.ULID.String(), r.Dir})
	}
	for _, k := range blocks.Kept() {
		out.Kept = append(out.Kept, keptOutput{
			Dir: k.Dir, Start: utc(k.From), End: utc(k.To - 1), Finished: k.Finished, Common: k.Common, Series: k.FirstMatch,
		})
	}
	return out
}

func utc(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// compare finds the blocks in a server's data folder that overlap the new ones.
func (out *blocksOutput) compare(dataDir string) error {
	if dataDir == "" {
		return nil
	}
	for _, b := range out.Blocks {
		others, err := write.Overlapping(dataDir, b.Start.UnixMilli(), b.End.UnixMilli()+1)
		if err != nil {
			return err
		}
		for _, other := range others {
			if other.ULID.String() != b.ULID {
				out.Overlaps = append(out.Overlaps, overlapOutput{b.ULID, other.Dir, utc(other.MinTime), utc(other.MaxTime - 1)})
			}
		}
	}
	return nil
}

const spanLayout = "2006-01-02 15:04:05 MST"

func (out *blocksOutput) span(from, to time.Time) string {
	return from.In(out.zone).Format(spanLayout) + " to " + to.In(out.zone).Format(spanLayout)
}

func (out *blocksOutput) printBlock(w io.Writer, b blockOutput) {
	fmt.Fprintf(w, "%s  %s  %d series  %s  %s\n", b.Dir, out.span(b.Start, b.End),
		b.Series, plural(b.Samples, "sample"), humanize.IBytes(uint64(b.Bytes)))
}

// print prints the blocks and the commands to use them, for people.
func (out *blocksOutput) print(w io.Writer, dir, dataDir string) {
	var samples uint64
	var bytes int64
	for _, b := range out.Blocks {
		out.printBlock(w, b)
		samples, bytes = samples+b.Samples, bytes+b.Bytes
	}
	for _, r := range out.Replaced {
		fmt.Fprintf(w, "%s  removed: a new block has all its samples\n", r.Dir)
	}
	for _, k := range out.Kept {
		if k.Finished {
			fmt.Fprintf(w, "%s  %s  exists already\n", k.Dir, out.span(k.Start, k.End))
		}
	}
	if len(out.Blocks) > 1 {
		fmt.Fprintf(w, "%d blocks  %s  %s\n", len(out.Blocks), plural(samples, "sample"), humanize.IBytes(uint64(bytes)))
	}
	if len(out.Blocks) == 0 {
		if len(out.Kept) == 0 {
			fmt.Fprintln(w, "no block: there are no numeric values")
		}
		return
	}
	for _, o := range out.Overlaps {
		fmt.Fprintf(w, "block %s overlaps %s (%s): Prometheus before 2.39 rejects overlapping blocks\n", o.Block, o.Dir, out.span(o.Start, o.End))
	}
	out.next(w, dir, dataDir, time.Now())
}

// next prints how a server gets the blocks.
func (out *blocksOutput) next(w io.Writer, dir, dataDir string, now time.Time) {
	data := dir
	if dataDir != "" {
		data = dataDir
		fmt.Fprintf(w, "move the blocks:  mv %s/01* %s/\n", dir, dataDir)
	}
	fmt.Fprintf(w, "make the server's user their owner:  chown -R prometheus: %s\n", data)
	oldest, newest := out.Blocks[0].Start, out.Blocks[len(out.Blocks)-1].End
	days := int(now.Sub(oldest)/(24*time.Hour)) + 2
	fmt.Fprintf(w, "open with:  prometheus --config.file=/dev/null --storage.tsdb.path=%s --storage.tsdb.retention.time=%dd\n", data, max(days, 15))
	fmt.Fprintf(w, "a shorter retention would delete these blocks\n")
	if now.Sub(newest) < 3*time.Hour {
		fmt.Fprintln(w, "these blocks end less than 3 hours ago: a running server may still have that time in memory, so wait before moving them")
	}
}

// reportKept prints the blocks that have some of the samples of a new block, which was
// not written. It returns errSkipped if there are any.
func (out *blocksOutput) reportKept(s streams) (err error) {
	for _, k := range out.Kept {
		if k.Finished {
			continue
		}
		fmt.Fprintf(s.err, "%s: not written: %s has samples of %d of the same series, such as %s; to write it, remove that block and run the command again\n",
			out.span(k.Start, k.End), k.Dir, k.Common, k.Series)
		err = errSkipped
	}
	return err
}
