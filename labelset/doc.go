// Package labelset models PCP label sets: name–value pairs attached to one of
// six levels of metadata. A client sees them merged over all levels.
//
//	host, err := labelset.Parse(`{"hostname":"db1","rack":7}`, labelset.Context)
//	disk, err := labelset.New(labelset.Instances, labelset.String("model", "x5"))
//	all, err := labelset.Merge(host, disk)
//	fmt.Println(all.JSON()) // {"hostname":"db1","model":"x5","rack":7}
//
// A [Set] is immutable and may be shared between goroutines.
//
// # Hierarchy
//
// From the most general to the most specific: context (host), domain (agent),
// instance domain, cluster, item (metric), instance. [Merge] lets the more
// specific level win.
//
// # Text form
//
// A set is a JSON object. Names are unique; values are strings, numbers, true,
// false, null, arrays or nested objects. A nested object makes compound labels:
// {"a":{"b":1}} is the single label "a.b". A set keeps its text as it was
// stored, so that writing it again reproduces the same bytes.
//
// # Binary form
//
//	instance     4   0xffffffff at all levels but instances
//	JSON length  4   at most 65535
//	JSON         …   without terminator or padding
//	label count  4   0: no labels; negative: an error code in place of labels
//	labels       8 each, sorted by name:
//	  name offset   2   from the first byte of the JSON
//	  name length   1
//	  flags         1   level, compound 64, optional 128
//	  value offset  2   a string's slice includes its quotes
//	  value length  2
package labelset
