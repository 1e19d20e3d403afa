package pcp

import "strconv"

// Kind is a kind of archive record.
type Kind uint8

// The record kinds: one for the label at the head of every file, four found in
// the .meta file (two of them in two forms), two in data volumes, one in the
// .index file.
const (
	KindHeader     Kind = iota // archive label: the first record of every file
	KindDesc                   // metric descriptor and names
	KindInDom                  // instance domain, complete
	KindInDomDelta             // instance domain, difference to its predecessor
	KindLabels                 // label sets of one level and identifier
	KindText                   // one-line or long help text
	KindResult                 // values of several metrics at one time
	KindMark                   // end of continuous history
	KindIndex                  // temporal index entry
	NumKinds

	KindNone = NumKinds // of bytes that are not known to be any kind of record
)

var kindNames = [NumKinds]string{
	"label", "desc", "indom", "indom delta", "labels", "text", "result", "mark", "index",
}

// String returns the lower-case name used in messages.
func (k Kind) String() string {
	if k < NumKinds {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}
