// Package catalogue finds the names, labels and descriptions of the metrics of many archives
// without reading values.
//
// A [Catalogue] holds each description once, because rotated archives repeat nearly all of
// their metadata. A question reads the metadata of the archives that it needs, several at a
// time, unless an earlier question did. A cache folder keeps the descriptions for later runs, and
// the answers to questions about all series; see [View.Outline].
//
// # Series
//
// A Catalogue assumes that each metric has a value for each of its instances, in every state
// of the metadata since the time of the archive's label. The series of an archive are those
// that a [flatten.Flattener] makes from such values. A [Selection] therefore contains every
// series that reading the values would find. It also contains series that are described but
// have no values. A series of an archive belongs to the whole time of the archive. An archive
// whose end is only estimated, such as a compressed one, also counts for times after its end.
//
// Two kinds of series depend on values, so metadata cannot tell them. [Selection.Unsure]
// returns their names. The first kind belongs to metrics that share a name in Prometheus,
// such as x.y and x_y: the metric recorded first gets the name. The second kind belongs to
// instance domains without a record. A Selection lacks instances that have values although
// the record of their domain does not list them at that time.
package catalogue
