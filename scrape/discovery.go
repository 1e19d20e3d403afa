package scrape

import (
	// The default binary has these service discoveries. The others are large; build
	// with -tags allsd to include them.
	_ "github.com/prometheus/prometheus/discovery/dns"
	_ "github.com/prometheus/prometheus/discovery/file"
	_ "github.com/prometheus/prometheus/discovery/http"
)

// knownDiscoveries lists the settings of the imported discoveries.
const knownDiscoveries = "dns_sd_configs, file_sd_configs and http_sd_configs"
