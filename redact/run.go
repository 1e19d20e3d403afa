package redact

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/internal/outlock"
	"github.com/pcparchive/pcparchive/pcp"
	"github.com/pcparchive/pcparchive/rewrite"
)

// KeySize is the least length of a key in bytes.
const KeySize = 16

// ErrKey reports that a key is too short.
var ErrKey = fmt.Errorf("a key has at least %d bytes", KeySize)

// Options configure a redaction.
type Options struct {
	// Key determines the pseudonyms. If it is nil, a random key is used and forgotten.
	Key []byte
	// Rules are those of LoadRules. Nil means the built-in ones.
	Rules *Rules
	// Also names kinds whose optional rules count.
	Also []Kind
	// Except names kinds whose rules do not count.
	Except []Kind
	// Copy are options of the copies: Compress and VolumeSize.
	Copy rewrite.Options
}

// Input is an archive to redact.
type Input struct {
	Base string
	// Name is the path of the output below the output folder. Originals in it are
	// replaced, too. It is empty if the output is one archive.
	Name string
}

// Run redacts archives. If the only input has no Name, out is the archive to write, and
// otherwise a folder, which must not exist. The output appears complete or, after a failure
// or when ctx ends, not at all.
func Run(ctx context.Context, in []Input, out string, o Options) (*Report, error) {
	if o.Key == nil {
		o.Key = make([]byte, 32)
		if _, err := rand.Read(o.Key); err != nil {
			return nil, err
		}
	}
	if len(o.Key) < KeySize {
		return nil, ErrKey
	}
	if o.Rules == nil {
		var err error
		if o.Rules, err = LoadRules(); err != nil {
			return nil, err
		}
	}
	rules := *o.Rules
	rules.choose(o.Also, o.Except)
	x, err := collectAll(ctx, in, &rules)
	if err != nil {
		return nil, err
	}
	w := &run{o: o, rules: &rules, index: x, replacer: newReplacer(&rules, x, o.Key), report: &Report{Archives: []Archive{}, Kinds: []KindCount{}}}
	if len(in) == 1 && in[0].Name == "" {
		err = w.one(ctx, in[0], out)
	} else {
		err = w.folder(ctx, in, out)
	}
	if err != nil {
		return nil, err
	}
	w.report.Named = x.holds(filepath.Base(out))
	w.report.count(x, w.replacer)
	return w.report, nil
}

// collectAll collects the originals of archives.
func collectAll(ctx context.Context, in []Input, rules *Rules) (*index, error) {
	c := &collector{secrets: &secrets{rules: rules, kinds: map[string]Kind{}}, seen: map[role]map[string]bool{}}
	fixed := map[string]bool{}
	for _, i := range in {
		r, err := archive.Open(i.Base, nil)
		if err != nil {
			return nil, err
		}
		if err := c.collect(ctx, r, newPlan(rules, r), fixed); err != nil {
			return nil, fmt.Errorf("%s: %w", i.Base, err)
		}
	}
	return c.secrets.index(fixed), nil
}

// run writes the outputs.
type run struct {
	*replacer
	o      Options
	rules  *Rules
	index  *index
	report *Report
}

// one redacts one archive.
func (w *run) one(ctx context.Context, in Input, out string) error {
	a, err := rewrite.NewAside(out)
	if err != nil {
		return err
	}
	if err = w.archive(ctx, in.Base, a.Base(), out); err == nil {
		err = a.Publish()
	}
	return errors.Join(err, a.Remove())
}

// folder redacts several archives into a new folder.
func (w *run) folder(ctx context.Context, in []Input, out string) (err error) {
	out = filepath.Clean(out)
	if _, err := os.Lstat(out); err == nil {
		return fmt.Errorf("%s: %w; choose another name or remove it", out, fs.ErrExist)
	}
	lock, err := outlock.Take(out)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Release()) }()
	dir := lock.New("")
	defer os.RemoveAll(dir)
	for _, i := range in {
		name := w.path(i.Name)
		base := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(base), 0o700); err != nil {
			return err
		}
		if err := w.archive(ctx, i.Base, base, filepath.Join(out, name)); err != nil {
			return err
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	return os.Rename(dir, out)
}

// path replaces the originals in a path.
func (w *run) path(name string) string {
	parts := strings.Split(filepath.ToSlash(name), "/")
	for i, part := range parts {
		parts[i] = w.text(role{kind: KindNone}, part)
	}
	return filepath.FromSlash(strings.Join(parts, "/"))
}

// archive redacts an archive to base, and checks the result. out is the place to which it
// will move.
func (w *run) archive(ctx context.Context, in, base, out string) error {
	r, err := archive.Open(in, nil)
	if err != nil {
		return err
	}
	o := w.o.Copy
	o.Edit = &editor{changer: w.replacer, plan: newPlan(w.rules, r), names: map[pcp.InDomID]map[string]string{}, unique: w.namer.another}
	copied, err := rewrite.Write(ctx, base, []*archive.Reader{r}, o)
	if err != nil {
		return err
	}
	w.report.Damage = append(w.report.Damage, copied.Damage...)
	w.report.Archives = append(w.report.Archives, Archive{In: in, Out: out, Records: copied.Records})
	return verify(ctx, base, out, w.rules, w.index)
}
