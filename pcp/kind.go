package pcp

import "strconv"

// Kind is a kind of archive record.
type Kind uint8

// The record kinds. KindHeader begins every file; KindDesc to KindText occur in
// the .meta file, KindResult and KindMark in data volumes, KindIndex in the
// .index file.
const (
	KindHeader     Kind = iota // archive label: the first record of every file
	KindDesc                   // metric descriptor and names
	KindInDom                  // instance domain, complete
	KindInDomDelta             // instance domain, changes to the preceding version
	KindLabels                 // label sets of one level and identifier
	KindText                   // one-line or long help text
	KindResult                 // values of several metrics at one time
	KindMark                   // recording stopped and started again
	KindIndex                  // temporal index entry
	NumKinds

	KindNone = NumKinds // bytes of an unknown kind of record
)

var kindNames = [NumKinds]string{
	"label", "desc", "indom", "indom delta", "labels", "text", "result", "mark", "index",
}

// String returns the lower-case name that messages use.
func (k Kind) String() string {
	switch {
	case k < NumKinds:
		return kindNames[k]
	case k == KindNone:
		return "unknown kind"
	}
	return "kind " + strconv.Itoa(int(k))
}
