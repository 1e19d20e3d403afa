package redact_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pcparchive/pcparchive/internal/redact"
)

func TestShowURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h:1/metrics":            "http://h:1/metrics",
		"http://[::1]:9100/metrics":     "http://[::1]:9100/metrics",
		"https://me:pw@h/m?token=x#top": "https://…@h/m?…",
		"https://me@h":                  "https://…@h",
		"http://h?x":                    "http://h?…",
		"http://h/m?mail=a@b":           "http://h/m?…",
		"http://me:p?w@h/":              "http://…",
		"http://me:p/w@h/":              "http://…@h/",
		"http://me:p%zz@h/":             "http://…@h/",
		"http://h:port/":                "http://…",
		"http://me:pw%40h:1/":           "http://…",
		"me:pw@h/m?x=y":                 "…@h/m?…",
		"h:1/m":                         "h:1/m",
		"":                              "",
	} {
		assert.Equal(t, want, redact.ShowURL(raw), raw)
	}
}

func TestRedactText(t *testing.T) {
	invalid := strings.Replace("http://me:pw@h:PORT/", "PORT", "pw", 1)
	_, parse := url.Parse(invalid)
	for text, want := range map[string]string{
		"no URL: a?b@c // remark":                      "no URL: a?b@c // remark",
		`Get "http://me:p w@h/m?a=b": refused`:         `Get "http://…@h/m?…": refused`,
		"see http://h/m?a=b, and ftp://u:p@h":          "see http://h/m?… and ftp://…@h",
		`failed to parse Location header "//u:p@h/%z"`: `failed to parse Location header "//…@h/%z"`,
		fmt.Sprint(parse):                              `parse "http://…": invalid port … after host`,
		"a/b//c":                                       "a/b//c",
	} {
		assert.Equal(t, want, redact.Text(text), text)
	}
}

func TestRedactURL(t *testing.T) {
	for raw, want := range map[string]string{
		"http://h:1/metrics":            "http://h:1/metrics",
		"https://me:pw@h/m?token=x#top": "https://h/m",
		"https://me@h/":                 "https://h/",
		"http://h/?":                    "http://h/",
		"http://[::1]:9100/metrics":     "http://[::1]:9100/metrics",
		"http://h/a%20b":                "http://h/a%20b",
		"http://me:p%w@h/":              "", // rather nothing than a secret
		"":                              "",
	} {
		assert.Equal(t, want, redact.URL(raw), raw)
	}
}

func TestServer(t *testing.T) {
	u, err := redact.Server("https://user:secret@host:1/x", "9191")
	require.NoError(t, err)
	assert.Equal(t, "host:1", u.Host)
	for address, reason := range map[string]string{
		"localhost:9191":       "want an address such as http://localhost:9191",
		"ftp://u:secret@x":     "ftp://…@x: want an address",
		"http://u:secret@x:%y": "not an address",
	} {
		_, err := redact.Server(address, "9191")
		require.ErrorContains(t, err, reason, address)
		assert.NotContains(t, err.Error(), "secret")
	}
}
