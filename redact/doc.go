// Package redact copies archives without the names that identify people, hosts and
// programs: host, user and process names, addresses, command lines, containers.
//
//	report, err := redact.Run(ctx, []redact.Input{{Base: "rec"}}, "public", redact.Options{Key: key})
//
// # Pseudonyms
//
// Each original gets a pseudonym, such as user-kd7xqzrb2v, that depends on the original and
// the key only (HMAC-SHA256). So archives that are redacted with one key fit together. Who
// does not have the key cannot test a guess. Numbers, metric names, names of labels, units,
// times and time zones never change.
//
// The form of an original stays where tools need it. The name of a process keeps its PID:
// "001234 /usr/bin/foo -x" becomes "001234 process-…". Hexadecimal identifiers and UUIDs
// keep their form. Addresses become addresses of the ranges for documentation: IPv4 of 192.0.2.0/24,
// 198.51.100.0/24 and 203.0.113.0/24, IPv6 of 2001:db8::/32, MAC of 00:00:5e:00:53:00/40.
// The ranges of IPv4 and MAC are small, so two addresses may get the same pseudonym; the
// [Report] counts these.
//
// # Three passes
//
// The first pass reads all archives and collects originals by the [Rules]. The second one
// copies the archives, replaces texts that a rule describes as a whole, and originals in
// all other texts. The third one searches every byte of the output, decompressed, for every
// original. If one is left, the output is removed and the error wraps [ErrRemains].
//
// Numbers contain short texts by chance, so originals of less than six bytes are searched
// in all texts, but not in the bytes of numbers. Words that are common, such as root, and
// originals that are part of metric names are replaced where a rule finds them.
package redact
