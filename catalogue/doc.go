// Package catalogue answers questions about names, labels and descriptions of the metrics of
// many archives without reading values.
//
// A [Catalogue] holds each description once, however many archives repeat it: rotated
// archives repeat nearly all of their metadata. It reads the metadata of the archives that a
// question needs when it first needs them, several at a time, and keeps what it found out in
// a cache folder.
//
// # What is a series
//
// The series of an archive are those that a [flatten.Flattener] would make if each metric had
// a value for each of its instances in each state of the metadata from the time of the
// archive's label on. A selection therefore has every series that reading values would give,
// and also the series that were described and never had a value. Times count by archive: a
// series of an archive belongs to the whole time of the archive.
//
// Metadata do not tell two kinds of series, which only values tell; [Selection.Unsure] has
// their names: those of several metrics that share a name in Prometheus, such as x.y and x_y,
// of which the one recorded first gets the name, and those of instances that an archive does
// not describe.
package catalogue
