package rewrite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/ctxio"
	"github.com/pcparchive/pcparchive/internal/dirsync"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/pcp"
)

// ErrLabels reports labels that cannot be repaired.
var ErrLabels = errors.New("the labels cannot be repaired")

// Labels are the labels of an archive's files, damaged ones included.
type Labels struct {
	// Good is the label that all files should have: the whole one that most files have. Among
	// equals it is the first, in the order of the volumes, the index and the metadata. Without
	// a whole one, it is what can be read of the first.
	Good archive.Header

	// First is the time of the first record, zero without one.
	First pcp.Timestamp

	base   string
	before []archive.Member
	files  []archive.Member
	all    []*archive.FileLabel // the labels of files
}

// ReadLabels reads the labels of all files of an archive, even if readers refuse them.
// version is the format if no label gives it; zero finds the format in which records follow
// the labels.
func ReadLabels(path string, version pcp.Version) (*Labels, error) {
	base, members, err := archive.Members(path)
	if err != nil {
		return nil, err
	}
	l := &Labels{base: base, before: members}
	for _, role := range []archive.Role{archive.RoleData, archive.RoleIndex, archive.RoleMeta} {
		for _, m := range members {
			if m.Role == role {
				l.files = append(l.files, m)
			}
		}
	}
	versions, err := l.versions(version)
	if err != nil {
		return nil, err
	}
	var reasons error
	for _, v := range versions {
		if err = l.read(v); err == nil {
			l.choose()
			return l, nil
		}
		reasons = errors.Join(reasons, err)
	}
	return nil, fmt.Errorf("%s: %w: %w", base, ErrLabels, reasons)
}

// versions returns the versions that the archive may have: that of the first whole label, else
// the one asked for, else all. Labels that agree on a version without support are not damaged.
func (l *Labels) versions(asked pcp.Version) ([]pcp.Version, error) {
	foreign := 0
	var last error
	for _, m := range l.files {
		h, err := m.Header()
		if err == nil {
			return []pcp.Version{h.Version}, nil
		}
		if errors.Is(err, pcp.ErrVersion) {
			foreign++
		}
		last = located(m.Path, err)
	}
	switch {
	case asked != 0:
		return []pcp.Version{asked}, nil
	case foreign == len(l.files):
		return nil, last
	}
	return []pcp.Version{2, 3}, nil
}

// located adds the path of a file to an error that does not begin with it.
func located(path string, err error) error {
	if strings.HasPrefix(err.Error(), path+":") {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// read reads the labels in the form of a version. It fails if no record follows a label.
func (l *Labels) read(v pcp.Version) error {
	l.all = l.all[:0]
	for _, m := range l.files {
		label, err := m.LabelAs(v)
		if err != nil {
			return err
		}
		if label.Follows != nil && !errors.Is(label.Follows, pcp.ErrUnfinished) {
			return fmt.Errorf("%w: no record of version %d follows the label", located(m.Path, label.Follows), v)
		}
		l.all = append(l.all, label)
	}
	return nil
}

// choose finds the good label. A field that no file has right comes from the first file.
func (l *Labels) choose() {
	l.Good = l.all[0].Header
	most := 0
	for _, label := range l.all {
		agreeing := 0
		for _, other := range l.all {
			if label.Err == nil && other.Err == nil && len(differences("", &label.Header, &other.Header)) == 0 {
				agreeing++
			}
		}
		if agreeing > most {
			l.Good, most = label.Header, agreeing
		}
	}
	for _, label := range l.all {
		if l.First.IsZero() {
			l.First = label.First
		}
	}
	if !l.First.IsZero() && (l.Good.Start.After(l.First) || l.Good.Start.Nsec < 0 || l.Good.Start.Sec < 0) {
		l.Good.Start = l.First // PCP's tools begin at the start and would miss records
	}
}

// Base returns the base path of the archive.
func (l *Labels) Base() string { return l.base }

// Faults describes the labels that are damaged or differ from the good one.
func (l *Labels) Faults() (all []string) {
	for i, label := range l.all {
		if label.Err != nil {
			all = append(all, located(l.files[i].Path, label.Err).Error())
			continue
		}
		all = append(all, differences(l.files[i].Path, &label.Header, &l.Good)...)
	}
	return all
}

// Repair writes the good label, corrected by c, to all files. The new files are written
// aside and take the places of the old ones together. Compressed files become plain.
func (l *Labels) Repair(ctx context.Context, c Label) (err error) {
	good := l.Good
	if c.ZoneInfo != nil && *c.ZoneInfo != "" && good.Version < 3 {
		return fmt.Errorf("%s: zoneinfo: %w; version 3 holds it", l.base, pcp.ErrVersion)
	}
	labelEditor{c, l.Good}.Header(&good)
	if err := good.Odd(); err != nil {
		return fmt.Errorf("%s: %w: no file has a label with a host name, a time zone and a start: %w; give it", l.base, ErrLabels, err)
	}
	lock, err := outlock.Take(l.base)
	if err != nil {
		return err
	}
	a := &Aside{lock: lock}
	a.folder, a.name = filepath.Split(l.base)
	if err := a.begin(nil); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Remove()) }()
	var names []string
	for _, m := range l.files {
		name := filepath.Base(m.Path)
		names = append(names, name)
		if err := relabel(ctx, m, good, filepath.Join(a.dir, strings.TrimSuffix(name, m.Compress))); err != nil {
			return err
		}
	}
	after, err := membersNow(l.base)
	if err != nil {
		return err
	}
	if !slices.Equal(l.before, after) {
		return fmt.Errorf("%s: %w", l.base, ErrChanged)
	}
	if err := a.adopt(l.files); err != nil {
		return err
	}
	return lock.Swap(names)
}

// relabel writes a file with another label.
func relabel(ctx context.Context, m archive.Member, good archive.Header, to string) error {
	label, err := good.Encode(m)
	if err != nil {
		return err
	}
	in, err := archive.OpenMember(m, nil)
	if err != nil {
		return err
	}
	defer in.Close()
	return dirsync.WriteFile(to, 0o600, func(w io.Writer) error {
		if _, err := w.Write(label); err != nil {
			return err
		}
		_, err := io.Copy(w, ctxio.NewReader(ctx, in.From(int64(len(label)))))
		return err
	})
}
