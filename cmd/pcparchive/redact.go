package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/redact"
	"github.com/pcparchive/pcparchive/store"
)

type redactOptions struct {
	key          string
	rules        []string
	also, except []string
	report       string
	mapping      string
	printRules   bool
	volumeSize   byteSize
	copy         redact.Options
	output       outputFormat
}

func newRedactCmd(s streams) *cobra.Command {
	var o redactOptions
	cmd := &cobra.Command{
		Use:   "redact IN OUT",
		Short: "Copy archives without names of hosts, users and processes, addresses, command lines",
		Long: `Copy an archive, or all archives of a folder, and replace the names that identify hosts,
users, groups, processes, containers and machines, command lines, and IPv4, IPv6 and MAC
addresses: in values, names of instances, labels, help texts, the archive's label and the
names of folders. Numbers and names of metrics never change.

The same original always gets the same pseudonym, such as user-kd7xqzrb2v. With --key,
that also holds for archives that are redacted later. Without --key, a random key is used
and forgotten. A process keeps its PID: "001234 /usr/bin/foo -x" becomes
"001234 process-2bn6wxkq5h". Addresses become addresses of the ranges for documentation.
Interfaces, disks and file systems keep their names unless --also names them.

--print-rules shows the rules, and --rules FILE adds rules of the same form.

At the end redact searches all bytes of OUT, decompressed, for every original. If one
remains, redact fails and OUT does not appear. Damaged records are left out.

OUT names an archive, or a new folder if IN is a folder. redact never overwrites. Show the
mapping of --mapping to nobody: it undoes the redaction.`,
		Example: `  pcparchive redact rec public
  head -c 32 /dev/urandom > site.key
  pcparchive redact /var/log/pcp/pmlogger public --key site.key --report report.json --output json
  pcparchive redact rec public --also interface,disk --except process
  pcparchive redact --print-rules > own.yml
  pcparchive redact rec public --rules own.yml --mapping /root/mapping.csv`,
		ValidArgsFunction: completeArchives,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.printRules {
				return nargs(0, 0, "no arguments with --print-rules")(cmd, args)
			}
			return nargs(2, 2, "an archive or a folder, and a name for the copy")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.printRules {
				_, err := io.WriteString(s.out, redact.BuiltinRules())
				return err
			}
			return runRedact(cmd.Context(), s, o, args[0], args[1])
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.key, "key", "", "file with a secret key of at least 16 bytes; default: a random key")
	f.StringArrayVar(&o.rules, "rules", nil, "file with further rules, which come first; may be repeated")
	f.BoolVar(&o.printRules, "print-rules", false, "print the built-in rules and exit")
	f.StringSliceVar(&o.also, "also", nil, "also replace names of these kinds: interface, disk, filesystem")
	f.StringSliceVar(&o.except, "except", nil, "do not replace names of these kinds, such as process")
	f.StringVar(&o.report, "report", "", "write the report to this file, too")
	f.StringVar(&o.mapping, "mapping", "", "write all originals with their pseudonyms to this CSV file, which only you can read")
	addVolumeFlags(cmd, &o.volumeSize, &o.copy.Copy.Compress, "the volumes")
	addOutputFlag(cmd, &o.output)
	completeFlag(cmd, "also", "interface", "disk", "filesystem")
	return cmd
}

func runRedact(ctx context.Context, s streams, o redactOptions, in, out string) error {
	if err := o.complete(); err != nil {
		return err
	}
	inputs, err := redactInputs(in)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(inputs, func(i redact.Input) bool { return i.Name != "" }) && isBelow(out, in) {
		return usageError{fmt.Errorf("%s: is below %s, whose archives are to be redacted", out, in)}
	}
	report, err := redact.Run(ctx, inputs, out, o.copy)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if o.output == outputJSON {
		err = writeJSON(&text, report)
	} else {
		err = printRedaction(&text, report)
	}
	if err != nil {
		return err
	}
	if o.report != "" {
		if err := os.WriteFile(o.report, text.Bytes(), 0o644); err != nil {
			return err
		}
	}
	if o.mapping != "" {
		if err := writeMapping(o.mapping, report); err != nil {
			return err
		}
	}
	if _, err := s.out.Write(text.Bytes()); err != nil {
		return err
	}
	if report.Named {
		fmt.Fprintf(s.err, "%s: this name contains an original: rename the copy\n", out)
	}
	return reportLeftOut(s, nil, report.Damage)
}

// complete reads the key and the rules, and checks the kinds.
func (o *redactOptions) complete() (err error) {
	o.copy.Copy.VolumeSize = int64(o.volumeSize)
	if o.key != "" {
		key, err := os.ReadFile(o.key)
		if err != nil {
			return err
		}
		if o.copy.Key = bytes.TrimRight(key, "\r\n"); len(o.copy.Key) < redact.KeySize {
			return fmt.Errorf("%s: %w", o.key, redact.ErrKey)
		}
	}
	if o.copy.Rules, err = redact.LoadRules(o.rules...); err != nil {
		return err
	}
	if o.mapping != "" {
		if _, err := os.Lstat(o.mapping); err == nil {
			return fmt.Errorf("%s: %w", o.mapping, fs.ErrExist)
		}
	}
	all, optional := o.copy.Rules.Kinds()
	if o.copy.Also, err = kindsOf("also", o.also, optional); err != nil {
		return err
	}
	o.copy.Except, err = kindsOf("except", o.except, all)
	return err
}

// kindsOf returns the kinds that a flag names.
func kindsOf(flag string, names []string, known []redact.Kind) (kinds []redact.Kind, err error) {
	for _, name := range names {
		k := redact.Kind(name)
		if !slices.Contains(known, k) {
			var all []string
			for _, k := range known {
				all = append(all, string(k))
			}
			return nil, usageError{fmt.Errorf("--%s: no kind %q; there are %s", flag, name, strings.Join(all, ", "))}
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// redactInputs returns the archives that an operand names.
func redactInputs(in string) (inputs []redact.Input, err error) {
	bases, err := store.Find([]string{in})
	if err = explainNotArchive(err); err != nil {
		return nil, err
	}
	for _, base := range bases {
		input := redact.Input{Base: base}
		if isFolder(in) {
			if input.Name, err = filepath.Rel(in, base); err != nil {
				return nil, err
			}
		}
		inputs = append(inputs, input)
	}
	if len(inputs) == 0 {
		return nil, fmt.Errorf("%s: holds no archive", in)
	}
	return inputs, nil
}

// isBelow reports whether a path is a folder or below it.
func isBelow(path, dir string) bool {
	path, errPath := filepath.Abs(path)
	dir, errDir := filepath.Abs(dir)
	if err := cmp.Or(errPath, errDir); err != nil {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// writeMapping writes the mapping to a new file that only the user can read.
func writeMapping(path string, report *redact.Report) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := csv.NewWriter(f)
	if err := w.Write([]string{"kind", "original", "pseudonym"}); err != nil {
		return err
	}
	for m := range report.Mapping() {
		if err := w.Write([]string{string(m.Kind), m.Original, m.Pseudonym}); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
