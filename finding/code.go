package finding

// Code names a kind of finding. Codes are stable: programs may rely on them.
type Code string

// CodeInfo describes a code.
type CodeInfo struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	Meaning  string   `json:"meaning"`
}

// Consequence counts the findings of one code that follow from another finding.
// A check counts them there and does not yield them.
type Consequence struct {
	Code  Code `json:"code"`
	Count int  `json:"count"`
}
