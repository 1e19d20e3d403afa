package record

import (
	"context"
	"log/slog"
	"net"

	promconfig "github.com/prometheus/prometheus/config"

	"github.com/pcparchive/pcparchive/convert/mapper"
)

// Loader reads a configuration. Load is called at the start and for each reload; it may
// run while the recording goes on. Its error is without secrets.
type Loader interface {
	Load(ctx context.Context, log *slog.Logger) (*Config, error)
}

// Config is what a Recorder records.
type Config struct {
	// Prometheus holds the jobs as scrape configurations, with targets or discovery. A
	// Loader makes it by Prometheus' own loader, because only that completes it.
	Prometheus *promconfig.Config
	// Jobs says more about some of the jobs, by job name.
	Jobs map[string]Job
	// Files are the files and folders of which a change means that the configuration
	// must be loaded again. Discovery watches its own files.
	Files []string
	// Dial opens the connections of scrapes; nil means a net.Dialer. A Loader may give
	// targets addresses that only its own Dial knows, such as those of executables.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Ignored names the sections of the configuration that do not concern a recorder.
	Ignored []string
}

// Job says more about a job than Prometheus' scrape_config.
type Job struct {
	// Name is the name of the job in PCP names: openmetrics.NAME.… It may have several
	// components. Empty means naming.SourceName of the job's name.
	Name string
	// Single says that the job has one target, so that its metrics need no name of the
	// target in an archive of several targets.
	Single bool
	// Host is the host of the job's archives; empty means that of each target.
	Host string
	// Address is shown in place of the URL of the job's targets; empty means their URL.
	Address string
	// Source changes how the mapper describes the metrics and labels of the job.
	Source mapper.SourceOptions
}
