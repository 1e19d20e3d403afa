// Package instant reads the values of many metrics at one instant, once.
//
// A [Subject] is a host, or one of its archives. [Cache.At] returns its [Values] at a
// time: a value of each series that had one. One reading serves all metrics of a batch,
// and a Cache answers a second question about the same instant from memory. It also keeps
// the metadata that it has joined with values, so that [history.Metric] and
// [history.Series] pointers stay the same as long as nothing about them changes.
//
// # The value of a series at an instant
//
// A series has the value of its last record at or before the instant, unless it ended
// before:
//
//   - at a mark, because nobody knows what happened there,
//   - at an error in place of the metric's values,
//   - when its instance left the instance domain,
//   - when a record of its logging group had the other instances but not this one. A
//     discrete value and a series of Prometheus do not end so if they were recorded alone.
//
// [Latest] is the instant after all records. An archive that grows therefore answers with
// its latest values and a closed one with those at its end. Metadata are those in force
// at the instant, not at the time of the record: PCP writes labels a little later than
// the first values.
//
// # What a reading costs
//
// A reading goes backwards from the instant and ends when each metric of the batch has its
// values. Once most have them, it passes over records without the others. If archives have
// grown since the last reading, the Cache reads only the new records.
package instant
