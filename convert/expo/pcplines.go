package expo

import (
	"bytes"

	"github.com/pcparchive/pcparchive/convert"
)

// pcpLines are what "# PCP5" lines of the pages said.
type pcpLines struct {
	seen bool // the page has one
}

func isPCPLine(record []byte) bool {
	return bytes.HasPrefix(record, []byte("# PCP5 ")) || bytes.HasPrefix(record, []byte("# PCP "))
}

func (p *pcpLines) page() { p.seen = false }

func (p *pcpLines) add(record []byte) { p.seen = true }

func (p *pcpLines) mend(record []byte, report *convert.Report) ([]byte, bool) { return nil, false }

func (p *pcpLines) decode(v string) string { return v }
