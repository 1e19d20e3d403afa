// Package convert maps PCP and Prometheus onto each other. Its one record type
// is [history.Step]: every source yields steps and every sink takes them, so a
// new format needs a source and a sink and no knowledge of the others.
//
//	archive  ─ FromArchive ─┐                ┌─ ToArchive ─ archive
//	scrape   ─ Mapper ──────┼─ archive.Step ─┼─ Flattener ─ convert/tsdb, convert/expo, query
//	…                       ┘                └─ …
//
// # From Prometheus to PCP: [mapper.Mapper]
//
//	series            PCP
//	metric name       openmetrics.<source>.<name>, ':' as '.', see [naming.LeafName]
//	family, type      item labels prom_name, prom_type, prom_unit, prom_suffix, all
//	                  optional: not part of the metric's identity
//	labels            instance labels, exactly the sample's own
//	instance          "N k:v k:v", one instance domain per metric
//	no labels         a singular metric
//	target            cluster labels source, job, instance, url
//	value             double; counter or instant by type
//	seconds, bytes    units, see [naming.UnitsOf]
//	stale marker      the instance leaves its domain; with the last one, the
//	                  metric gets the error "try again" once
//
// # From PCP to Prometheus: [flatten.Flattener]
//
// What came from Prometheus (prom_name is present) gets back its name, family
// and labels. For all other metrics:
//
//	PCP               series
//	name              dots become underscores, or see [naming.Style]
//	merged labels     labels, JSON decoded; optional ones stay out
//	instance name     label instname; instid too where names are shared
//	counter           counter; instant and discrete: gauge
//	mark, error value,
//	instance that left  a staleness marker
//	time              milliseconds, rounded down
//	strings           counted as skipped, or text in a label of a series that is 1
//	events, aggregates  counted as skipped
//
// # Stages
//
//	step → step       [Unwrap], [Downsample]; [Through] makes a Source of one
//	sample → sample   [prom.Repeat]
//	many sources      [CopyMerged], with [flatten.Flattener.Fork] for each host
package convert
