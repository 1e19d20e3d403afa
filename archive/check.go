package archive

import (
	"fmt"
	"math"

	"github.com/pcparchive/pcparchive/history"
	"github.com/pcparchive/pcparchive/internal/wire"
	"github.com/pcparchive/pcparchive/meta"
	"github.com/pcparchive/pcparchive/pcp"
)

// maxName is the length of the longest metric name, in bytes.
const maxName = 4095

// check rejects a result that readers would not read back unchanged. It returns
// the length of the record in bytes.
func (r *Result) check(l *wire.Layout) (size int64, err error) {
	size = int64(4 + l.StampSize + 4 + 4)
	for i := range r.Sets {
		s := &r.Sets[i]
		n, err := s.check()
		if err != nil {
			return 0, fmt.Errorf("metric %s: %w", s.PMID, err)
		}
		size += n
	}
	if size > math.MaxInt32 {
		return 0, fmt.Errorf("%d bytes: %w", size, pcp.ErrLimit)
	}
	return size, nil
}

// check returns the length of the set and its blocks in bytes.
func (s *ValueSet) check() (size int64, err error) {
	switch {
	case len(s.Values) == 0 && s.Err > 0:
		return 0, fmt.Errorf("error code %d: %w", int32(s.Err), pcp.ErrRange)
	case len(s.Values) == 0:
		return 8, nil
	case s.Format > Static:
		return 0, fmt.Errorf("value format %d: %w", s.Format, pcp.ErrRange)
	}
	size = 12 + 8*int64(len(s.Values))
	for i := range s.Values {
		v := &s.Values[i]
		if (s.Format == InSitu) != (v.Type == pcp.TypeUnknown && v.Data == nil) || v.Type < 0 || v.Type > 0xff {
			return 0, fmt.Errorf("instance %d: type %s in value format %d: %w", v.Inst, v.Type, s.Format, pcp.ErrRange)
		}
		if s.Format != InSitu {
			n := blockSize(v)
			if n > history.MaxBlock {
				return 0, fmt.Errorf("instance %d: value of %d bytes: %w", v.Inst, n, pcp.ErrLimit)
			}
			size += int64(n+3) &^ 3
		}
	}
	return size, nil
}

// checkDesc rejects names that readers could not read back.
func checkDesc(d *meta.Desc, asIs bool) error {
	if !asIs {
		if err := completeDesc(d); err != nil {
			return err
		}
	}
	for _, name := range d.Names {
		if name == "" || len(name) > maxName || len(wire.UntilNUL([]byte(name))) < len(name) {
			return fmt.Errorf("metric %s: name %.80q: %w", d.PMID, name, pcp.ErrRange)
		}
	}
	return nil
}

// checkInDom rejects negative instances, because readers reject an archive with
// such instances.
func checkInDom(in *meta.InDom) error {
	for _, e := range in.Instances {
		if e.ID < 0 {
			return fmt.Errorf("instance domain %s: instance %d: %w", in.ID, e.ID, pcp.ErrRange)
		}
	}
	return nil
}

// completeDesc rejects an incomplete descriptor and names that PCP's tools
// reject.
func completeDesc(d *meta.Desc) error {
	what := ""
	switch {
	case d.Sem != pcp.SemCounter && d.Sem != pcp.SemInstant && d.Sem != pcp.SemDiscrete:
		what = fmt.Sprintf("semantics %d; want counter, instant or discrete", int(d.Sem))
	case d.InDom == 0:
		what = "instance domain 0; want that of the instances, or pcp.InDomNull"
	}
	for _, name := range d.Names {
		if what == "" && !validName(name) {
			what = fmt.Sprintf("name %.80q; want letters, digits and _ with dots between them, each part beginning with a letter", name)
		}
	}
	if what == "" {
		return nil
	}
	return fmt.Errorf("metric %s (%.80q): %s: %w", d.PMID, d.Name(), what, pcp.ErrRange)
}

// validName reports whether PCP's name space allows the name.
func validName(name string) bool {
	begins := true // at the start of a part of the name
	for i := range len(name) {
		c := name[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		switch {
		case begins && !letter, c != '.' && c != '_' && !letter && (c < '0' || c > '9'):
			return false
		}
		begins = c == '.'
	}
	return !begins
}
