package ingest

import (
	"time"

	"github.com/pcparchive/pcparchive/archive"
	"github.com/pcparchive/pcparchive/convert/native"
	"github.com/pcparchive/pcparchive/convert/prom"
	"github.com/pcparchive/pcparchive/convert/relabel"
	"github.com/pcparchive/pcparchive/pcp"
)

// Options say which archives an [Importer] writes. Only Out is required.
type Options struct {
	// Out is the base name of the archive, or the folder of archives.
	Out string
	// SplitBy is the label by which series are split: each of its values gets an
	// archive in the folder Out. Of the label instance, the host counts without its
	// port; a series without instance goes by its label hostname. Empty means one
	// archive.
	SplitBy string
	// Folder makes Out a folder even if [Importer.Blocks] finds a single archive.
	Folder bool
	// Host is the host of the only archive, or of the archive in a folder whose
	// series name no host.
	Host string
	// Prefix is the first component of metric names; empty means "openmetrics".
	Prefix string
	// Labels are context labels of every archive.
	Labels []prom.Label
	// Natives know series that become PCP's own metrics, such as an exporter's. The
	// importer asks them after the source's own resolver, in order.
	Natives native.Chain
	// Relabel changes series before they are split; it may be empty.
	Relabel relabel.Rules
	// Memory bounds the sorter of [Importer.Samples], in bytes; zero means
	// [prom.DefaultSorterMemory].
	Memory int64
	// Version is the archive format; zero means the latest.
	Version pcp.Version
	// VolumeSize is the size at which a volume ends, in bytes; zero means no limit.
	VolumeSize int64
	// Compress compresses all volumes.
	Compress archive.Compression
	// Report counts losses; it may be nil.
	Report *prom.Report
	// Progress receives, from time to time, the number of bytes of blocks that
	// [Importer.Blocks] has read; it may be nil.
	Progress func(bytes int64)
}

// Source is Prometheus data, with its knowledge of PCP. All functions may be nil.
type Source struct {
	prom.SampleSource
	// KeepFirst keeps the first of several samples that a series has at one time, as
	// Prometheus does; otherwise the last one counts.
	KeepFirst bool
	// Natives returns the resolver of series that the input declares to be PCP
	// metrics of a host.
	Natives func(host string) native.Resolver
	// ContextLabels names labels that describe a host. An archive has those on
	// which all its series agree. Samples calls it after it has read the source.
	ContextLabels func() []string
	// Host returns the host that a value of the label hostname stands for. If nil,
	// the value is the host.
	Host func(hostname string) string
	// OfEndpoint reports whether the label hostname of a series may name an endpoint's
	// host rather than the archive's. If nil, this holds for series that PCP's
	// openmetrics agent recorded.
	OfEndpoint func(s *prom.Series) bool
}

// Result lists the archives of an import. It is empty if there were no samples.
type Result struct {
	// Archives are sorted by path.
	Archives []Archive
	// Replaced lists the archives that held no record and gave way to new ones.
	Replaced []string
	// Mixed lists the archives that hold pages of several hosts, so that PCP's metrics
	// in them became Prometheus'. Splitting by hostname avoids this.
	Mixed []string
}

// Archive describes a complete archive.
type Archive struct {
	Path    string
	Host    string
	Series  int
	Samples int64
	Start   time.Time // of the first sample
	End     time.Time // of the last sample
	// Unsplit reports that the archive has the series without the label that splits.
	Unsplit bool
}

// OptionError reports an option, or a combination of options and context labels,
// that no archive can have.
type OptionError struct{ Err error }

// Error returns the cause.
func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *OptionError) Unwrap() error { return e.Err }
