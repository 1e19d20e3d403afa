// Package mapper gives Prometheus series their PCP names, numbers and metadata. A
// [Mapper] stands for one archive, a [Source] for one endpoint; a Source gathers the
// values of a scrape and returns them as a step.
package mapper
