// Package pmsearch finds metrics, instance domains and instances of archives by the words in
// their names and help texts, as PCP's pmsearch does. It needs no key server.
//
// An [Index] holds each document once, however many archives have it, within a limit. It reads
// the metadata of an archive when a question first needs it, and again when they change.
//
// A search returns the documents that have all words of the query, in any order, ranked by how
// often and where they occur: a name counts more than the one-line help, and that more than
// the long help. The last letters of a word, such as the plural s, do not matter. A word that
// no document has stands for the words that begin with it.
package pmsearch
