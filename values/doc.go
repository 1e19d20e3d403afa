// Package values turns archives into rows of values over time: recorded or interpolated,
// counters as rates, in the units that are asked for. It is what pmval, pmrep and
// pmdumptext show.
//
//	specs, err := values.ParseSpecs([]string{"kernel.all.load[1 minute]", "disk.dev.read"})
//	for row, err := range values.Rows(ctx, set, values.Options{Specs: specs, Step: time.Minute, Rates: true}) {
//		…
//	}
//
// Without Options.Step there is a row for each data record that holds one of the metrics.
// With it there is a row for each step from Options.From to Options.To; package interp has
// the rules for values between records.
package values
