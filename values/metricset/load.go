package metricset

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/internal/conffile"
	"github.com/pcparchive/pcparchive/internal/similar"
)

// maxFile is the size of the largest file that Load reads.
const maxFile = 4 << 20

// SearchPath returns the places where pmrep looks for its configuration. It takes the first
// that exists. The environment variable PCP_SYSCONF_DIR replaces /etc/pcp.
func SearchPath() []string {
	system := filepath.Join(cmp.Or(os.Getenv("PCP_SYSCONF_DIR"), "/etc/pcp"), "pmrep")
	places := []string{"pmrep.conf"}
	if home, err := os.UserHomeDir(); err == nil {
		places = append(places, filepath.Join(home, ".pmrep.conf"), filepath.Join(home, ".pcp", "pmrep.conf"), filepath.Join(home, ".pcp", "pmrep"))
	}
	return append(places, filepath.Join(system, "pmrep.conf"), system)
}

// DefaultPath returns the first place of SearchPath that exists, "" if none does.
func DefaultPath() string {
	for _, path := range SearchPath() {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// Load reads a file, or the files of a folder. Errors of the content wrap [ErrSyntax].
func Load(path string) (*Config, error) {
	files, err := conffile.Files(path, func(name string) bool { return filepath.Ext(name) == ".conf" })
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: the folder has no file *.conf", path)
	}
	c := &Config{Options: Options{}, sets: map[string]*Set{}}
	for _, file := range files {
		text, err := conffile.Read(file, maxFile)
		if errors.Is(err, conffile.ErrTooLong) {
			err = fmt.Errorf("%w: %w", err, ErrSyntax)
		}
		if err != nil {
			return nil, err
		}
		if err := c.add(file, string(text)); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return c, nil
}

// add adds the sections of a file.
func (c *Config) add(file, text string) error {
	sections, err := parse(text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrSyntax, err)
	}
	for _, section := range sections {
		var err error
		switch section.name {
		case "options":
			err = c.Options.addAll(section.keys)
		case "global":
			c.Global, err = globals(c.Global, section.keys)
		default:
			s := &Set{Name: section.name, File: file, Options: Options{}}
			err = s.add(section.keys)
			c.sets[section.name] = s
		}
		if err != nil {
			return fmt.Errorf("[%s]: %w: %w", section.name, err, ErrSyntax)
		}
	}
	return nil
}

// globals adds the metrics of [global].
func globals(metrics []Metric, keys []entry) ([]Metric, error) {
	s := &Set{Options: Options{}}
	if err := s.add(keys); err != nil {
		return nil, err
	}
	if len(s.Options) > 0 {
		return nil, fmt.Errorf("options are not allowed: %s", strings.Join(slices.Sorted(maps.Keys(s.Options)), ", "))
	}
	return append(metrics, s.Metrics...), nil
}

// Set returns a set, or several as one, with the options of [options] below its own and,
// unless its option globals is off, the metrics of [global] before its own. The last set
// that has an option or a metric counts. Errors wrap [ErrUnknown].
func (c *Config) Set(names ...string) (*Set, error) {
	s := &Set{Name: strings.Join(names, ","), Options: maps.Clone(c.Options)}
	for _, name := range names {
		found := c.sets[name]
		if found == nil {
			return nil, &UnknownError{name, similar.Names(name, maps.Keys(c.sets))}
		}
		s.File = found.File
		maps.Copy(s.Options, found.Options)
	}
	if s.Options.Bool("globals", true) {
		s.Metrics = append(s.Metrics, c.Global...)
	}
	for _, name := range names {
		for _, m := range c.sets[name].Metrics {
			s.put(m)
		}
	}
	return s, nil
}

// put adds a metric, or replaces that of the same name.
func (s *Set) put(m Metric) {
	if i := slices.IndexFunc(s.Metrics, func(x Metric) bool { return x.Name == m.Name }); i >= 0 {
		s.Metrics[i] = m
		return
	}
	s.Metrics = append(s.Metrics, m)
}

// Open loads a path, or the first place of SearchPath if it is empty. It fails if there
// is none.
func Open(path string) (*Config, error) {
	if path == "" {
		if path = DefaultPath(); path == "" {
			return nil, fmt.Errorf("no configuration of pmrep in %s: %w", strings.Join(SearchPath(), ", "), os.ErrNotExist)
		}
	}
	return Load(path)
}
