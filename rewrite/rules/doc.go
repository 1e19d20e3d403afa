// Package rules parses the language in which PCP's pmlogrewrite is told what to change in
// an archive:
//
//	global { hostname -> db1.example.com time -> -1:00:00 }
//	indom 60.2 { inst 1 -> 60 iname "1 minute" -> "60 second" }
//	metric disk.dev.read { type -> U64 }
//	metric 60.8.* { pmid -> 123.*.* }
//	text metric disk.dev.read help { text -> "Read operations" }
//	label instances 60.1 "sda" "location" { value -> "rack 4" }
//
// It also accepts the rules of later releases of PCP, whose regular expressions change the
// names of instances and the values of metrics, and some more: wildcards in the names of
// metrics, and units as text. The file docs/rewrite.md describes the whole language.
//
// Whether a rule makes sense for an archive is decided by package edit, which applies it.
package rules
