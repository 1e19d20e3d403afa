package agentdir

import (
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/pcparchive/pcparchive/convert/mapper"
	"github.com/pcparchive/pcparchive/internal/conffile"
	"github.com/pcparchive/pcparchive/internal/redact"
)

// Source is a .url file or an executable. Several goroutines may use a Source.
type Source struct {
	entry
	file     *URLFile // nil for an executable
	revision uint32   // differs if the content of the .url file differs

	mu       sync.Mutex
	excluded map[string]bool     // decisions of the rules, by the name of samples
	lines    map[string]Metadata // by the name of samples, from "# PCP5" and "# PCP" lines of the page
	outcome  Outcome
	stderr   string // of the last run
	badState string // what the log says about bad lines
}

// Outcome is the result of the last fetch of a Source.
type Outcome struct {
	Code int   // HTTP status; 0 if there was no reply, or the source is no HTTP server
	Err  error // why the page could not be had; nil after a success
	Bad  int   // lines of the page that could not be read
}

// Outcome returns the result of the last fetch.
func (s *Source) Outcome() Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outcome
}

// Name returns the name of the source.
func (s *Source) Name() string { return s.name }

// maxURLFile is the size of the longest .url file in bytes.
const maxURLFile = 1 << 20

// newSource reads what an entry of the folder says. faults are lines that it passed over.
func newSource(e entry) (s *Source, faults []error, err error) {
	s = &Source{entry: e, excluded: map[string]bool{}}
	if e.exec {
		return s, nil, nil
	}
	text, err := readLimited(e.path, maxURLFile)
	if err != nil {
		return nil, nil, err
	}
	sum := fnv.New32a()
	_, _ = sum.Write(text)
	s.revision = sum.Sum32() / 2
	file, lines, err := ParseURLFile(string(text))
	for _, line := range lines {
		faults = append(faults, fmt.Errorf("%s: %w", e.path, line))
	}
	if err != nil {
		return nil, faults, fmt.Errorf("%s: %w", e.path, err)
	}
	s.file = file
	return s, faults, nil
}

// readLimited reads a file of at most limit bytes.
func readLimited(path string, limit int64) ([]byte, error) {
	text, err := conffile.Read(path, limit)
	if errors.Is(err, conffile.ErrTooLong) {
		err = fmt.Errorf("%s: longer than %d bytes", path, limit)
	}
	return text, err
}

// host returns the host that the source describes.
func (s *Source) host() string {
	if s.file == nil || s.file.URL.Scheme != "http" && s.file.URL.Scheme != "https" {
		return mapper.LocalHost()
	}
	if host := s.file.URL.Hostname(); !mapper.IsLoopback(host) {
		return host
	}
	return mapper.LocalHost()
}

// instance returns the label instance: host and port, or the path of what is read.
func (s *Source) instance() string {
	if s.file == nil {
		return s.path
	}
	u := s.file.URL
	switch {
	case u.Scheme == "http" && u.Port() == "":
		return u.Host + ":80"
	case u.Scheme == "https" && u.Port() == "":
		return u.Host + ":443"
	case u.Scheme == "http" || u.Scheme == "https":
		return u.Host
	}
	return strings.TrimSuffix(u.Path, "/")
}

// address returns the URL or the path of the source, without secrets.
func (s *Source) address() string {
	if s.file == nil {
		return s.path
	}
	return redact.URL(s.file.URL.String())
}

// metadataFor returns the metadata for the metric of a sample's name: from the .url file,
// else from the last page.
func (s *Source) metadataFor(sample string) (Metadata, bool) {
	if s.file != nil {
		if m, ok := s.file.Rules.metadataFor(sample); ok {
			return m, true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.lines[sample]
	return m, ok
}

// rewrite appends the page of a document for the scraper to out, which is empty. The caller
// holds the lock.
func (s *Source) rewrite(d document, out []byte) (page []byte, bad int, first, err error) {
	w := rewriter{excluded: s.excluded, out: slices.Grow(out, len(d.body)+1)}
	if s.file != nil {
		w.rules = &s.file.Rules
	}
	if d.openMetrics {
		w.filterOpenMetrics(d.body)
		return w.out, 0, nil, nil
	}
	err = w.rewrite(d.body)
	if w.metas != nil || w.taken > 0 {
		s.lines = w.metas
	}
	return w.out, w.bad, w.first, err
}

// tell logs what has changed since the last page: the messages of an executable, and lines
// that cannot be read. The caller holds the lock.
func (s *Source) tell(log *slog.Logger, stderr string, bad int, first error) {
	if stderr = strings.TrimSpace(stderr); stderr != s.stderr {
		s.stderr = stderr
		if stderr != "" {
			log.Warn("the executable wrote to standard error", "source", s.name, "path", s.path, "text", stderr)
		}
	}
	state := ""
	if first != nil {
		state = first.Error()
	}
	if state == s.badState {
		return
	}
	if s.badState = state; state != "" {
		log.Warn("lines of a page cannot be read; the others are recorded", "source", s.name, "lines", bad, "first", first)
	}
}
