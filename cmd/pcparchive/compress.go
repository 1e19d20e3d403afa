package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/parallel"
	"github.com/pcparchive/pcparchive/internal/timespec"
	"github.com/pcparchive/pcparchive/pack"
	"github.com/pcparchive/pcparchive/pcp"
)

// packOptions are the flags of compress and decompress.
type packOptions struct {
	how       archive.Compression
	olderThan string
	keepLast  int
	dryRun    bool
	output    outputFormat

	verb func(context.Context, string, pack.Options) (pack.Done, error)
	age  time.Duration // olderThan as a number
}

const closedHelp = `Only closed archives change. An archive that pcparchive or a pmlogger of this machine is
writing stays as it is, and so does one of which a file was changed within --older-than.
On systems other than Linux, that is an hour at least.

A file is written aside, brought to the disk, and compared with the original. Then it
gets its name, and the original goes. After a kill, or a failure of the power, each file is
there in one form or in both, and the next run continues. Times, permissions and owners
stay.`

func newCompressCmd(s streams) *cobra.Command {
	o := packOptions{how: archive.CompressXZ, verb: pack.Compress}
	cmd := &cobra.Command{
		Use:   "compress ARCHIVE...",
		Short: "Compress closed archives in place",
		Long: `Compress the metadata and the volumes of archives in place, as pmlogger_daily does: rec.0
becomes rec.0.xz, rec.meta becomes rec.meta.xz. The index, and files of less than 4 KiB,
stay. All programs read compressed archives as before.

Every PCP reads xz, and can begin to read at any place; PCP 6.3.2 and later read zstd, too.
zstd is faster. gzip makes the longest files.

` + closedHelp + `

ARCHIVE is an archive's base name, any of its files, or a folder. A folder stands for
all archives in it and in the folders below it.`,
		Example: `  pcparchive compress /var/log/pcp/pmlogger
  pcparchive compress /var/log/pcp/pmlogger --older-than 1day --keep-last 2
  pcparchive compress rec --with zstd
  pcparchive compress logs --dry-run`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPack(cmd.Context(), s, o, args)
		},
	}
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if o.how == archive.CompressNone {
			return usageError{errors.New("--with none: 'pcparchive decompress' does that")}
		}
		return nil
	}
	cmd.Flags().Var(&o.how, "with", "compress with xz, zstd or gzip")
	completeFlag(cmd, "with", "xz", "zstd", "gzip")
	o.add(cmd)
	return cmd
}

func newDecompressCmd(s streams) *cobra.Command {
	o := packOptions{verb: pack.Decompress}
	cmd := &cobra.Command{
		Use:   "decompress ARCHIVE...",
		Short: "Decompress closed archives in place",
		Long: `Replace the compressed files of archives by plain ones in place. pcparchive decompresses xz,
zstd, gzip, bzip2, lzma and compress.

` + closedHelp + `

ARCHIVE is an archive's base name, any of its files, or a folder. A folder stands for
all archives in it and in the folders below it.`,
		Example: `  pcparchive decompress rec
  pcparchive decompress logs --keep-last 1`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runPack(cmd.Context(), s, o, args)
		},
	}
	o.add(cmd)
	return cmd
}

func (o *packOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.olderThan, "older-than", "", "leave archives alone that were changed more recently, such as 1day")
	f.IntVar(&o.keepLast, "keep-last", 0, "leave the newest archives of each host alone, so many")
	f.BoolVar(&o.dryRun, "dry-run", false, "change nothing and say what would change")
	addOutputFlag(cmd, &o.output)
}

// check completes the options.
func (o *packOptions) check() (err error) {
	if o.keepLast < 0 {
		return usageError{fmt.Errorf("--keep-last: %d is negative", o.keepLast)}
	}
	if o.olderThan == "" {
		return nil
	}
	if o.age, err = timespec.Interval(o.olderThan); err != nil {
		return usageError{fmt.Errorf("--older-than: %w", err)}
	}
	return nil
}

// packed is the JSON of an archive of compress and decompress.
type packed struct {
	Archive string `json:"archive"`
	Files   int    `json:"files"`
	Before  int64  `json:"before"`
	After   int64  `json:"after"`
	Left    string `json:"left,omitempty"`  // why the archive stays as it is
	Error   string `json:"error,omitempty"` // why it failed

	err error
}

func runPack(ctx context.Context, s streams, o packOptions, paths []string) error {
	if err := o.check(); err != nil {
		return err
	}
	bases, err := findArchives(paths)
	if err != nil {
		return err
	}
	bases, err = o.withoutNewest(bases)
	if err != nil {
		return err
	}
	done := make([]packed, len(bases))
	var mu sync.Mutex
	err = parallel.Do(len(bases), func(i int) error {
		p := o.one(ctx, bases[i])
		mu.Lock()
		defer mu.Unlock()
		done[i] = p
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	single := len(paths) == 1 && !isFolder(paths[0])
	for i := range done {
		p := &done[i]
		if p.err == nil {
			continue
		}
		if busy := (*pack.BusyError)(nil); errors.As(p.err, &busy) && !single {
			p.Left = busy.Why
			fmt.Fprintln(s.err, p.err)
			continue
		}
		p.Error = p.err.Error()
		err = errors.Join(err, p.err)
	}
	if err != nil && !slices.ContainsFunc(done, func(p packed) bool { return p.Files > 0 }) {
		return err
	}
	if o.output == outputJSON {
		return cmp.Or(writeJSON(s.out, struct {
			Archives []packed `json:"archives"`
		}{done}), err)
	}
	return cmp.Or(o.print(s.out, done), err)
}

// one compresses or decompresses an archive.
func (o *packOptions) one(ctx context.Context, base string) packed {
	done, err := o.verb(ctx, base, pack.Options{How: o.how, OlderThan: o.age, DryRun: o.dryRun})
	return packed{Archive: base, Files: done.Files, Before: done.Before, After: done.After, err: err}
}

// withoutNewest leaves out the newest archives of each host.
func (o *packOptions) withoutNewest(bases []string) ([]string, error) {
	if o.keepLast == 0 {
		return bases, nil
	}
	type labelled struct {
		base  string
		start pcp.Timestamp
	}
	byHost := map[string][]labelled{}
	for _, base := range bases {
		r, err := archive.OpenLabel(base, nil)
		if err != nil {
			return nil, err
		}
		h := r.Header()
		byHost[h.Host] = append(byHost[h.Host], labelled{base, h.Start})
	}
	var left []string
	for _, all := range byHost {
		slices.SortFunc(all, func(a, b labelled) int { return a.start.Compare(b.start) })
		for _, l := range all[:max(0, len(all)-o.keepLast)] {
			left = append(left, l.base)
		}
	}
	slices.Sort(left)
	return left, nil
}

// print prints the archives that changed, and the sum.
func (o *packOptions) print(w io.Writer, done []packed) error {
	var sum packed
	n := 0
	for _, p := range done {
		if p.Files == 0 {
			continue
		}
		n++
		sum.Files += p.Files
		sum.Before += p.Before
		sum.After += p.After
		if err := o.line(w, p.Archive, p); err != nil {
			return err
		}
	}
	if n == 1 {
		return nil
	}
	return o.line(w, plural(n, "archive"), sum)
}

func (o *packOptions) line(w io.Writer, name string, p packed) error {
	if o.dryRun {
		_, err := fmt.Fprintf(w, "%s: %s of %s would change\n", name, plural(p.Files, "file"), humanize.IBytes(uint64(p.Before)))
		return err
	}
	_, err := fmt.Fprintf(w, "%s: %s, %s instead of %s\n", name, plural(p.Files, "file"), humanize.IBytes(uint64(p.After)), humanize.IBytes(uint64(p.Before)))
	return err
}
