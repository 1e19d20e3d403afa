package main

import (
	"context"
	"fmt"

	"github.com/pcparchive/pcparchive/convert/tsdb/verify"
	"github.com/pcparchive/pcparchive/store"
)

// runCheckBlocks checks blocks by the rules of a system.
func runCheckBlocks(ctx context.Context, s streams, o checkOptions, paths []string) error {
	if o.listCodes {
		return listCodes(s.out, o.output, verify.Codes(o.target))
	}
	blocks, failed := verify.Find(paths)
	if len(blocks) == 0 {
		if !isFolder(paths[0]) && store.Exists(paths[0]) {
			failed = usageError{fmt.Errorf("%s: is an archive, and --target is for blocks: 'pcparchive export tsdb' makes them", paths[0])}
		}
		return failed
	}
	opts := verify.Options{Target: o.target, Min: o.min, Limit: o.limit}
	if o.limit <= 0 {
		opts.Limit = -1
	}
	tally := &checkTally{Blocks: int64(len(blocks))}
	if err := writeFindings(s.out, o.output, tally.count(verify.Run(ctx, blocks, opts)), tally); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed != nil:
		return failed
	case tally.Errors+tally.Warnings+tally.Notes > 0:
		return errFindings
	}
	return nil
}
