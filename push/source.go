package push

import (
	"fmt"
	"io"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/pcp"
)

// source is an archive to send.
type source struct {
	label   []byte
	members []archive.Member
}

// open returns the archive with a base path.
func open(base string) (*source, error) {
	_, members, err := archive.Members(base)
	if err != nil {
		return nil, err
	}
	s := &source{members: members}
	for _, m := range members {
		label, err := labelOf(m)
		if err != nil {
			return nil, err
		}
		if s.label == nil {
			s.label = label
		}
	}
	if members[len(members)-1].Role != archive.RoleData {
		return nil, fmt.Errorf("%s: %w", base, archive.ErrNoData)
	}
	return s, nil
}

// labelOf returns the archive label of a file.
func labelOf(m archive.Member) ([]byte, error) {
	f, err := archive.OpenMember(m, nil)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 8)
	if _, err := io.ReadFull(f.From(0), head); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	label := make([]byte, archive.HeaderSize(pcp.Version(head[7])))
	if len(label) == 0 {
		return nil, fmt.Errorf("%s: %w", m.Path, pcp.ErrNotArchive)
	}
	if _, err := io.ReadFull(f.From(0), label); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	return label, nil
}
