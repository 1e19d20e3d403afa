// Package metricset reads the configuration files of pmrep, pmrep.conf(5): named sets of
// metrics with labels, units and formulas, such as vmstat and sar-B.
//
//	config, err := metricset.Load(metricset.DefaultPath())
//	set, err := config.Set("vmstat")
//	for _, metric := range set.Metrics {
//		…
//	}
//
// A file has sections of lines "key = value" as Python's configparser reads them. The
// section [options] has options for all sets, [global] has metrics that are added to all
// sets, and each other section is a set of options and metrics.
//
// The files of a folder are read by name, those that end in .conf. The last definition of
// an option or of a set counts.
package metricset
