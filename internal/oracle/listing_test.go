package oracle_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/oracle"
)

func TestCanon(t *testing.T) {
	const listing = `Descriptions for Metrics in the Log ...
PMID: 2.0.0 (b or a)
    Data Type: 32-bit int
PMID: 1.0.0 (c)
    Data Type: string

Instance Domains in the Log ...
InDom: 2.0
12:00:00 2 instances
   9 or "b"
   1 or "a"
InDom: 1.0

Metric Labels in the Log ...
later
earlier
[12 bytes]
values
after them
`
	const sorted = `Descriptions for Metrics in the Log ...
PMID: 1.0.0 (c)
    Data Type: string
PMID: 2.0.0 (a or b)
    Data Type: 32-bit int

Instance Domains in the Log ...
InDom: 1.0
InDom: 2.0
12:00:00 2 instances
   9 or "b"
   1 or "a"

Metric Labels in the Log ...
earlier
later
[12 bytes]
values
after them
`
	assert.Equal(t, sorted, oracle.Canon(listing))
}

func TestFirstDifference(t *testing.T) {
	assert.Empty(t, oracle.FirstDifference("a\nb", "a\nb"))
	assert.Equal(t, "line 2:\n- b\n+ c", oracle.FirstDifference("a\nb", "a\nc"))
	assert.Equal(t, "1 lines, want 2", oracle.FirstDifference("a\nb", "a"))
}
