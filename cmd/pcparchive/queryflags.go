package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/pcparchive/pcparchive/query"
)

type queryOptions struct {
	at, start, end string
	step           time.Duration
	lookback       time.Duration
	maxSamples     int
	maxBytes       byteSize
	zones          zoneFlags
	timeout        time.Duration
	output         outputFormat
	cache          cacheFlags
	rules          rulesFlag
	server         serverFlags
	limits         queryLimits
}

// autoStep is the value of --step that stands for a hundredth of the range.
const autoStep = -1

func (o *queryOptions) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.at, "at", "end", "evaluate at this time: "+timeHelp)
	f.StringVar(&o.start, "start", "start", "first time of a range")
	f.StringVar(&o.end, "end", "end", "last time of a range")
	durationVar(f, &o.step, "step", 0, "time between the results of a range; 0: one time, or a hundredth of the range if --start or --end is given")
	durationVar(f, &o.lookback, "lookback", 0, "maximum age of a sample; 0: 5m, or 2.5 times the interval at which its metric is recorded")
	o.limits.add(f, &o.maxSamples)
	f.Var(&o.maxBytes, "max-bytes", "maximum number of bytes of records that the query reads, as in 2GiB; 0: no limit")
	addZoneFlags(cmd, &o.zones, usualHost)
	durationVar(f, &o.timeout, "timeout", query.DefaultTimeout, "maximum duration of the query; 0: no limit")
	addRulesFlag(cmd, &o.rules, "Prometheus rule file whose alerts to evaluate over time; --step is the interval of groups without one, 1m if 0; may be repeated")
	addCacheFlags(cmd, &o.cache)
	addServerFlags(cmd, &o.server)
	addFormatFlag(cmd, &o.output, "text, or json, csv, parquet or arrow for programs", outputText, outputJSON, outputCSV, outputParquet, outputArrow)
}

// complete checks the flags and sets those that follow from others. changed reports whether
// a flag is given.
func (o *queryOptions) complete(changed func(flag string) bool, out io.Writer) error {
	bounds := changed("start") || changed("end")
	if err := cmp.Or(o.server.check(changed), checkColumnar(o.output, out)); err != nil {
		return err
	}
	switch {
	case changed("at") && changed("rules"):
		return usageError{errors.New("--at is for one time, --rules is for a range")}
	case changed("at") && (bounds || changed("step")):
		return usageError{errors.New("--at is for one time, --start, --end and --step are for a range")}
	case o.output.columnar() && changed("rules"):
		return usageError{fmt.Errorf("--output %s is for an expression; --rules has text, json and csv", o.output)}
	case o.step < 0:
		return usageError{fmt.Errorf("--step %s is negative", o.step)}
	case o.lookback < 0:
		return usageError{fmt.Errorf("--lookback %s is negative", o.lookback)}
	case o.timeout < 0:
		return usageError{fmt.Errorf("--timeout %s is negative", o.timeout)}
	}
	if err := o.limits.complete(changed, &o.maxSamples); err != nil {
		return usageError{err}
	}
	if o.step == 0 && bounds {
		o.step = autoStep
	}
	return nil
}
