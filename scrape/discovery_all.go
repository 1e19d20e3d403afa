//go:build allsd

package scrape

import _ "github.com/prometheus/prometheus/discovery/install"
