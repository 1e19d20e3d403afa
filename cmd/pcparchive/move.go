package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/relocate"
	"github.com/pcparchive/pcparchive/store"
)

// relocated is the JSON of an archive of move and remove.
type relocated struct {
	Archive string `json:"archive"`
	To      string `json:"to,omitempty"`
	Files   int    `json:"files"`
	Bytes   int64  `json:"bytes"`
}

func newMoveCmd(s streams) *cobra.Command {
	var o relocate.Options
	var output outputFormat
	cmd := &cobra.Command{
		Use:   "move ARCHIVE NEW",
		Short: "Move or rename an archive with all its files",
		Long: `Give an archive a new name or folder: all its files, compressed ones included. If NEW is a
folder, the archive keeps its name.

On another file system, the files are copied, compared and brought to the disk before the
old ones go. A kill leaves the archive whole in one place at least; run the same command
again to finish. A file that is a link becomes a link to the same file. move does not touch an
archive that pcparchive or a pmlogger is writing, and overwrites none without --force.`,
		Example: `  pcparchive move rec 20260101
  pcparchive move /var/log/pcp/pmlogger/web1/20260101 /mnt/attic/
  pcparchive move rec old --force`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(2, 2, "an archive and its new name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runMove(cmd.Context(), s, o, output, args[0], args[1])
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Force, "force", false, "replace an archive that has the new name")
	f.BoolVar(&o.DryRun, "dry-run", false, "change nothing and say what would change")
	addOutputFlag(cmd, &output)
	return cmd
}

func runMove(ctx context.Context, s streams, o relocate.Options, output outputFormat, from, to string) error {
	base, err := oneBase(from)
	if err != nil {
		return err
	}
	if isFolder(to) {
		to = filepath.Join(to, filepath.Base(base))
	}
	done, err := relocate.Move(ctx, base, to, o)
	if errors.Is(err, relocate.ErrSame) {
		return usageError{err}
	}
	if err != nil {
		return err
	}
	if output == outputJSON {
		return writeJSON(s.out, relocated{base, to, done.Files, done.Bytes})
	}
	verb := "moved to"
	switch {
	case o.DryRun:
		verb = "would move to"
	case done.Copied:
		verb = "copied, and removed here; now"
	}
	_, err = fmt.Fprintf(s.out, "%s: %s, %s, %s %s\n", base, plural(done.Files, "file"), humanize.IBytes(uint64(done.Bytes)), verb, to)
	return err
}

// oneBase returns the base path of an operand that names one archive.
func oneBase(path string) (string, error) {
	if isFolder(path) {
		return "", usageError{fmt.Errorf("%s: is a folder: name an archive in it", path)}
	}
	bases, err := store.Find([]string{path})
	if err = explainNotArchive(err); err != nil {
		return "", err
	}
	if len(bases) != 1 {
		return "", fmt.Errorf("%s: no archive", path)
	}
	return bases[0], nil
}

func newRemoveCmd(s streams) *cobra.Command {
	var o relocate.Options
	var output outputFormat
	cmd := &cobra.Command{
		Use:   "remove ARCHIVE...",
		Short: "Remove archives with all their files",
		Long: `Remove archives: all their files, compressed ones included. remove does not touch an archive
that pcparchive or a pmlogger is writing, and takes no folders.`,
		Example: `  pcparchive remove rec
  pcparchive remove logs/20260101 logs/20260102 --dry-run`,
		ValidArgsFunction: completeArchives,
		Args:              nargs(1, -1, "archives"),
		RunE: func(_ *cobra.Command, args []string) error {
			return runRemove(s, o, output, args)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.DryRun, "dry-run", false, "change nothing and say what would change")
	addOutputFlag(cmd, &output)
	return cmd
}

func runRemove(s streams, o relocate.Options, output outputFormat, paths []string) error {
	bases := make([]string, 0, len(paths))
	for _, path := range paths { // nothing goes if a name is wrong
		base, err := oneBase(path)
		if err != nil {
			return err
		}
		bases = append(bases, base)
	}
	all := []relocated{}
	var failed error
	for _, base := range bases {
		done, err := relocate.Remove(base, o)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		all = append(all, relocated{base, "", done.Files, done.Bytes})
	}
	if failed != nil && len(all) == 0 {
		return failed
	}
	if output == outputJSON {
		return cmp.Or(writeJSON(s.out, struct {
			Archives []relocated `json:"archives"`
		}{all}), failed)
	}
	verb := "removed"
	if o.DryRun {
		verb = "would go"
	}
	for _, r := range all {
		if _, err := fmt.Fprintf(s.out, "%s: %s, %s, %s\n", r.Archive, plural(r.Files, "file"), humanize.IBytes(uint64(r.Bytes)), verb); err != nil {
			return err
		}
	}
	return failed
}
