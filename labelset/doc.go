// Package labelset models PCP label sets: name–value pairs attached to one of
// six levels of metadata and merged into what a client sees.
//
//	host, err := labelset.Parse(`{"hostname":"db1","rack":7}`, labelset.Context)
//	disk, err := labelset.New(labelset.Instances, labelset.String("model", "x5"))
//	all, err := labelset.Merge(host, disk)
//	fmt.Println(all.JSON()) // {"hostname":"db1","model":"x5","rack":7}
//
// A [Set] is a value that does not change and may be shared between goroutines.
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
// {"a":{"b":1}} is the one label "a.b". The text is kept as it was stored, so
// a set that was read can be written again to the byte.
//
// # Binary form
//
//	instance     4   0xffffffff at all levels but instances
//	JSON length  4   at most 65535
//	JSON         …   neither terminated nor padded
//	label count  4   0: no labels; negative: an error code in their place
//	labels       8 each, sorted by name:
//	  name offset   2   from the first byte of the JSON
//	  name length   1
//	  flags         1   level, compound 64, optional 128
//	  value offset  2   a string's slice includes its quotes
//	  value length  2
package labelset
