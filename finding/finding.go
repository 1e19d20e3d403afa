package finding

import "strconv"

// Finding is one result of a check: an error in an archive or a block, or a fact
// worth knowing about it.
type Finding struct {
	Code     Code
	Severity Severity
	Archive  string // base path of the archive, or folder of the block
	File     string // the file with the error; Archive if no single file has it
	// Offset is where the record with the error begins in the decompressed file.
	// A negative Offset means that the finding is about no single record.
	Offset  int64
	Message string
	// Omitted is the number of further findings of this code, which exceeded the limit. If it
	// is not zero, the finding only states this number.
	Omitted int
	// Follows counts the findings that the check did not yield because they follow
	// from this one. For example, lost metadata leaves values undescribed.
	Follows []Consequence
}

// String formats f as compilers do: "file: offset N: severity: code: message".
func (f Finding) String() string {
	at := ""
	if f.Offset >= 0 {
		at = "offset " + strconv.FormatInt(f.Offset, 10) + ": "
	}
	return f.File + ": " + at + f.Severity.String() + ": " + string(f.Code) + ": " + f.Message
}
