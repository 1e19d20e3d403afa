// Package ruleeval evaluates the recording and alerting rules of Prometheus' rule files
// over archives, from their first record to their last: when would each alert have
// fired?
//
//	rules, err := ruleeval.Load("node.rules.yml")
//	if err != nil {
//		return err
//	}
//	result, err := rules.Evaluate(ctx, engine, start, end, ruleeval.Options{})
//
// A group is evaluated at its interval, at multiples of the interval since 1970. A rule
// sees the series of the recording rules before it, and those of other groups that it
// names. The series ALERTS exists as in Prometheus.
//
// # What differs from Prometheus
//
// A rule is evaluated for all times before the next rule is, by range queries. A
// recording rule therefore cannot read its own earlier results. A query_offset has no
// effect, because archives are complete.
package ruleeval
