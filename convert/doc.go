// Package convert leads steps from archives to archives, and has the stages between
// them. Its subpackages are the formats of PCP and Prometheus, and the rules that map
// them onto each other.
//
// A [history.Step], all values of one time, is the record of PCP's side. A
// [prom.Sample] is the record of Prometheus' side. Two packages lead from one side
// to the other:
//
//	archive ─ FromArchive ─┐               ┌─ ToArchive ─ archive
//	scrape  ─ mapper ──────┼─ history.Step ┤
//	          assemble ────┘               └─ flatten
//	             ▲                               │
//	             └──────── prom.Sample ◄─────────┘
//	                       ▲         │
//	        tsdb, expo, promjson    tsdb, expo, query
//
// Every source yields steps or samples, and every sink takes them. So a new format
// needs a source and a sink, and no knowledge of the others.
//
// # Stages
//
//	step → step       Unwrap, Downsample; Through makes a Source of one
//	sample → sample   prom.Sorter, prom.Repeat, relabel.Stage
//	many sources      CopyMerged, with flatten.Flattener.Fork for each host
//
// # Rules
//
// docs/mapping.md has all rules with examples. These are the most important ones,
// from Prometheus to PCP:
//
//	series            PCP
//	metric name       openmetrics.<source>.<name>, ':' as '.', see naming.LeafName
//	family, type      item labels prom_name, prom_type, prom_unit, prom_suffix, all
//	                  optional: not part of the metric's identity
//	labels            instance labels, exactly the sample's own
//	instance          "N k:v k:v", one instance domain per metric
//	no labels         a singular metric
//	target            cluster labels source, job, instance, url
//	value             double; counter or instant by type
//	seconds, bytes    units, see naming.UnitsOf
//	stale marker      the instance leaves its domain; with the last one, the
//	                  metric gets the error "try again" once
//
// A metric that came from Prometheus (prom_name is present) gets back its name,
// family and labels. For all other metrics, from PCP to Prometheus:
//
//	PCP                series
//	name               dots become underscores, or see naming.Style
//	merged labels      labels, JSON decoded; optional ones stay out
//	instance name      label instname; instid too where names are shared
//	counter            counter; instant and discrete: gauge
//	mark, error value,
//	instance that left a staleness marker
//	time               milliseconds, rounded down
//	strings            counted as skipped, or text in a label of a series that is 1
//	events, aggregates counted as skipped
package convert
