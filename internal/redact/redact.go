// Package redact removes secrets from URLs, network addresses and messages, so that
// these can be logged or stored.
package redact

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
)

// hidden replaces the parts of a text that must not be shown.
const hidden = "…"

// URL returns a URL without user info, query and fragment, which may hold
// secrets. It returns "" for a text that does not parse.
func URL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.ForceQuery, u.Fragment, u.RawFragment = nil, "", false, "", ""
	return u.String()
}

// Server parses the address of a server, which may have a user, a password and the beginning
// of a path. Errors show no secrets. port is that of the example they give.
func Server(address, port string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: not an address", ShowURL(address))
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("%s: want an address such as http://localhost:%s", ShowURL(address), port)
	}
	return u, nil
}

// Address returns a host and port without any text up to the last @ and without
// query and fragment.
func Address(address string) string {
	if end := strings.IndexAny(address, "?#"); end >= 0 {
		address = address[:end]
	}
	return address[strings.LastIndexByte(address, '@')+1:]
}

// ShowURL returns a URL, which need not be well-formed, for use in a message.
// An ellipsis replaces user info, query and fragment, and a host that is not
// well-formed.
func ShowURL(raw string) string {
	scheme, rest, ok := cutScheme(raw)
	if !ok {
		scheme, rest = "", raw
	}
	shown := showRest(raw, rest)
	host := strings.TrimPrefix(shown, hidden+"@")
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	if ok && !hostAndPort().MatchString(host) {
		return scheme + hidden
	}
	return scheme + shown
}

// hostAndPort matches everything that may stand between user info and path of a
// URL.
var hostAndPort = lazyregexp.New(`^(\[[^\]]*\]|[^:@]*)(:[0-9]*)?$`)

// showRest returns the part of a URL after the scheme in the form for messages.
func showRest(raw, rest string) string {
	end := strings.IndexAny(rest, "?#")
	at := strings.LastIndexByte(rest, '@')
	switch {
	case end < 0 && at < 0:
		return rest
	case end < 0:
		return hidden + rest[at:]
	case at > end && URL(raw) == "": // the password may hold a question mark
		return hidden
	}
	head := rest[:end]
	if at := strings.LastIndexByte(head, '@'); at >= 0 {
		head = hidden + head[at:]
	}
	return head + rest[end:end+1] + hidden
}

// cutScheme splits a URL after the two slashes, if it has them.
func cutScheme(raw string) (scheme, rest string, ok bool) {
	slashes := strings.Index(raw, "//")
	if slashes < 0 {
		return "", raw, false
	}
	return raw[:slashes+2], raw[slashes+2:], true
}

// urlInText matches URLs: quoted ones with any contents, and unquoted ones up
// to a blank.
var urlInText = lazyregexp.New(`"(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//(?:[^"\\]|\\.)*"|(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?//[^\s"'<>` + "`" + `]+`)

// partOfURL matches the part of an unparsable URL that an error of package
// net/url quotes.
var partOfURL = lazyregexp.New(`(invalid (?:port|URL escape|character|host|userinfo|control character)) "(?:[^"\\]|\\.)*"`)

// Text returns a message in which each URL is shown as by ShowURL.
func Text(text string) string {
	if !strings.Contains(text, "//") {
		return text
	}
	text = partOfURL().ReplaceAllString(text, "$1 "+hidden)
	return urlInText().ReplaceAllStringFunc(text, func(found string) string {
		if quoted, ok := strings.CutPrefix(found, `"`); ok {
			return `"` + ShowURL(strings.TrimSuffix(quoted, `"`)) + `"`
		}
		return ShowURL(found)
	})
}

// URLSecrets returns the parts of a URL, well-formed or not, that no message
// may show: user name, password and the values of query parameters.
func URLSecrets(raw string) []string {
	var parts []string
	if u, err := url.Parse(raw); err == nil {
		if u.User != nil {
			password, _ := u.User.Password()
			parts = append(parts, u.User.Username(), password)
		}
		for key, values := range u.Query() {
			parts = append(parts, values...)
			if strings.Join(values, "") == "" { // the key of a parameter without a value may be a secret
				parts = append(parts, key)
			}
		}
		parts = append(parts, u.Fragment)
	}
	_, rest, _ := cutScheme(raw)
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		parts = append(parts, strings.FieldsFunc(rest[:at], func(r rune) bool { return strings.ContainsRune(":/@?#", r) })...)
	}
	if _, query, ok := strings.Cut(rest, "?"); ok {
		for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' || r == '#' }) {
			if _, value, ok := strings.Cut(pair, "="); ok {
				pair = value
			}
			parts = append(parts, pair)
		}
	}
	return parts
}
