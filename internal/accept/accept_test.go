package accept_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pcparchive/pcparchive/internal/accept"
)

func TestEncoding(t *testing.T) {
	for _, c := range []struct {
		accept []string
		want   string
	}{
		{nil, ""},
		{[]string{""}, ""},
		{[]string{"gzip"}, "gzip"},
		{[]string{"GZIP;q=0.5, br"}, "gzip"},
		{[]string{"gzip", "zstd"}, "zstd"},
		{[]string{"gzip, zstd;q=0.9"}, "gzip"},
		{[]string{"*"}, "zstd"},
		{[]string{"*, zstd;q=0"}, "gzip"},
		{[]string{"gzip;q=0, *;q=0.1"}, "zstd"},
		{[]string{"gzip;q=0.000"}, ""},
		{[]string{"gzip;q=2", "zstd;q=x"}, ""},
		{[]string{"identity, br"}, ""},
	} {
		assert.Equal(t, c.want, accept.Encoding(http.Header{"Accept-Encoding": c.accept}, "zstd", "gzip"), "%q", c.accept)
	}
}

func TestNames(t *testing.T) {
	got := map[string]float64{}
	for name, q := range accept.Names([]string{"text/plain;version=0.0.4;q=0.3, Application/JSON", "*/*; Q = 0.1"}) {
		got[name] = q
	}
	assert.Equal(t, map[string]float64{"text/plain": 0.3, "application/json": 1, "*/*": 0.1}, got)
}
