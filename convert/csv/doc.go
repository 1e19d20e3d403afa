// Package csv turns tables with a time column into steps, as PCP's sheet2pcp does with
// spreadsheets. A row is a record, and each other column is a metric or an instance:
//
//	r := csv.NewReader("load.csv", file, csv.Options{})
//	for step, err := range r.Steps(ctx) {
//		…
//	}
//
// Without a [Mapping] the header names the metrics, see [Options]. A column like
// "disk.dev.read[sda]", as 'pcparchive values --output csv' writes it, is an instance.
// A row whose cells are all empty is a mark: recording stopped before it.
//
// A table with columns of metrics and values is long: it has a line for each value, in any
// order. Columns of instances, units, hosts and labels are known by their names, see Mapping
// for others; all further columns are labels.
//
// Of a wide table the reader holds one row and the metadata of the columns in memory, whatever
// its length. It reads a long table to the end before the first step, and sorts what does not
// fit 48 MiB in a temporary file.
package csv
