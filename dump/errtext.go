package dump

import (
	"fmt"
	"strings"

	"github.com/pcparchive/pcparchive/pcp"
)

// errorText returns the text of an error. Release 6.0.3 writes "archive log" in some
// texts and lacks some errors.
func (d *dumper) errorText(e pcp.Errno) string {
	if !d.o.before7() {
		return e.Error()
	}
	switch e {
	case -12354, -12370, -12372, -12373, -12375, -12378, -12379, -12380:
		return strings.Replace(e.Error(), "archive", "archive log", 1)
	case -12415:
		return fmt.Sprintf("No such PMAPI error code (%d)", int32(e))
	}
	return e.Error()
}
