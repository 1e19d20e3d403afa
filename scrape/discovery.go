package scrape

import (
	// The ways to find targets that the default binary knows, besides a static
	// list. The rest are large; build with -tags allsd for them.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
)

// knownDiscoveries are the settings of those.
const knownDiscoveries = "dns_sd_configs, file_sd_configs and http_sd_configs"
