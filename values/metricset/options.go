package metricset

import (
	"fmt"
	"slices"
	"strconv"
)

// optionKeys are the options of pmrep 6 and 7.
var optionKeys = []string{
	"source", "output", "derived", "header", "globals", "samples", "interval", "type", "precision", "daemonize",
	"timestamp", "unitinfo", "colxrow", "separate_header", "fixed_header", "delay", "width", "delimiter", "extcsv", "width_force",
	"extheader", "repeat_header", "timefmt", "interpol", "dynamic_header", "overall_rank", "overall_rank_alt", "sort_metric",
	"count_scale", "space_scale", "time_scale", "version", "count_scale_force", "space_scale_force", "time_scale_force",
	"type_prefer", "precision_force", "limit_filter", "limit_filter_force", "live_filter", "rank", "invert_filter", "predicate",
	"names_change", "speclocal", "instances", "ignore_incompat", "ignore_unknown", "omit_flat", "instinfo", "include_labels",
	"include_texts",
}

// Options are options by name, as written.
type Options map[string]string

// addAll adds the options of the section [options], which has nothing else.
func (o Options) addAll(keys []entry) error {
	for _, key := range keys {
		if !slices.Contains(optionKeys, key.name) {
			return fmt.Errorf("unknown option %s", key.name)
		}
		value := key.value
		if value == "" {
			return fmt.Errorf("option %s has no value", key.name)
		}
		o[key.name] = value
	}
	return nil
}

// Text returns an option without the quotes around it, "" if it is not set.
func (o Options) Text(name string) string {
	value := o[name]
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		value = value[1 : len(value)-1]
	}
	return value
}

// Has reports whether an option is set.
func (o Options) Has(name string) bool { _, ok := o[name]; return ok }

// Bool returns an option that is on or off, otherwise if it is not set.
func (o Options) Bool(name string, otherwise bool) bool {
	switch o[name] {
	case "true", "True", "y", "yes", "Yes", "1":
		return true
	case "false", "False", "n", "no", "No", "0":
		return false
	}
	return otherwise
}

// Int returns an option that is a whole number. ok is false if it is not set.
func (o Options) Int(name string) (n int, ok bool, err error) {
	value, ok := o[name]
	if !ok {
		return 0, false, nil
	}
	n, err = strconv.Atoi(value)
	if err != nil {
		return 0, false, fmt.Errorf("option %s = %s: want a whole number", name, value)
	}
	return n, true, nil
}
