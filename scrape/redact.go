package scrape

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	httpconfig "github.com/prometheus/common/config"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
	"github.com/pcparchive/pcparchive/internal/redact"
	"github.com/pcparchive/pcparchive/internal/safetext"
)

// secrets are the values that must not appear in labels, logs, errors or archives. Every
// text that leaves this package and may contain a URL or a server's answer passes
// through text.
type secrets struct {
	mu       sync.RWMutex
	known    map[string]bool
	replacer *strings.Replacer
}

const (
	hidden = "…"
	// minSecret is the shortest secret that is replaced. Shorter ones occur in ordinary
	// text.
	minSecret = 3
	// maxText is the longest message. An error of the parser may contain a whole page.
	maxText = 1000
)

// add adds values in all forms in which they may occur.
func (s *secrets) add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.known)
	if s.known == nil {
		s.known = map[string]bool{}
	}
	for _, v := range values {
		quoted := strconv.Quote(v)
		for _, form := range []string{v, url.QueryEscape(v), url.PathEscape(v), url.UserPassword(v, "").String(), quoted[1 : len(quoted)-1]} {
			if form = strings.TrimSuffix(form, ":"); len(form) >= minSecret {
				s.known[form] = true
			}
		}
	}
	if len(s.known) == before {
		return
	}
	var pairs []string
	for form := range s.known {
		pairs = append(pairs, form)
	}
	slices.SortFunc(pairs, func(a, b string) int { // longer secrets are replaced first
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	oldnew := make([]string, 0, 2*len(pairs))
	for _, form := range pairs {
		oldnew = append(oldnew, form, hidden)
	}
	s.replacer = strings.NewReplacer(oldnew...)
}

// addLogin adds a user name and a password, and the header that transmits both.
func (s *secrets) addLogin(user, password string) {
	s.add(user, password, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
}

// addURL adds the secrets of a URL.
func (s *secrets) addURL(raw string) {
	s.add(redact.URLSecrets(raw)...)
	if u, err := url.Parse(raw); err == nil && u.User != nil {
		password, _ := u.User.Password()
		s.addLogin(u.User.Username(), password)
	}
}

// addConfig adds the secrets of a configuration.
func (s *secrets) addConfig(v any) { s.walk(reflect.ValueOf(v), 0) }

// walk adds the values below v whose types mark them as secrets.
func (s *secrets) walk(v reflect.Value, depth int) {
	const deepest = 20
	if depth > deepest || !v.IsValid() {
		return
	}
	if v.CanInterface() {
		switch x := v.Interface().(type) {
		case httpconfig.Secret:
			s.addPieces(string(x))
			return
		case *url.URL:
			if x != nil {
				s.addURL(x.String())
			}
			return
		case httpconfig.BasicAuth:
			s.addLogin(x.Username, string(x.Password))
			return
		case httpconfig.Header:
			for _, value := range x.Values {
				s.addPieces(value)
			}
		case url.Values:
			for _, list := range x {
				s.add(list...)
			}
			return
		}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		s.walk(v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				s.walk(v.Field(i), depth+1)
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			s.walk(v.Index(i), depth+1)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			s.walk(v.MapIndex(key), depth+1)
		}
	}
}

// addPieces adds the value of a header and its parts, such as those of a cookie.
func (s *secrets) addPieces(value string) {
	const least = 6
	s.add(value)
	for piece := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(" ;,=", r) }) {
		if len(piece) >= least {
			s.add(piece)
		}
	}
}

// secretKeys are the settings of scrape_config that contain only secrets.
var secretKeys = map[string]bool{
	"params": true, "basic_auth": true, "authorization": true, "oauth2": true, "http_headers": true, "bearer_token": true,
	"password": true, "credentials": true, "client_secret": true, "username": true, "proxy_connect_header": true,
}

// addYAML adds the secrets of settings that may not be well-formed. secret means that
// every text below value is a secret.
func (s *secrets) addYAML(value any, secret bool) {
	switch x := value.(type) {
	case map[string]any:
		for key, below := range x {
			s.addYAML(below, secret || secretKeys[key])
		}
	case map[any]any:
		for key, below := range x {
			name := fmt.Sprint(key)
			s.addYAML(below, secret || secretKeys[name])
		}
	case []any:
		for _, below := range x {
			s.addYAML(below, secret)
		}
	case nil:
	default:
		text := fmt.Sprint(x)
		if secret {
			s.addPieces(text)
		} else if strings.Contains(text, "//") {
			s.addURL(text)
		}
	}
}

var (
	queryInText = lazyregexp.New(`\?[^\s"'<>` + "`" + `]+`)
	loginInText = lazyregexp.New(`[^\s"'<>/` + "`" + `]*:[^\s"'<>/` + "`" + `]*@`)
)

// text returns a message without secrets, cut to maxText.
func (s *secrets) text(message string) string {
	const room = 64 << 10 // bytes of a long message that are searched for secrets
	message = safetext.Cut(message, room)
	message = redact.Text(message)
	message = queryInText().ReplaceAllString(message, "?"+hidden)
	message = loginInText().ReplaceAllString(message, hidden+"@")
	s.mu.RLock()
	replacer := s.replacer
	s.mu.RUnlock()
	if replacer != nil {
		message = replacer.Replace(message)
	}
	return safetext.Cut(message, maxText)
}

// redactedError is an error whose text has no secrets.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Is reports whether the original error matches target. Unwrap does not exist, because
// the text of the original error may contain secrets.
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }

// error returns err with a text without secrets. It returns err itself if its text has
// none.
func (s *secrets) error(err error) error {
	if err == nil {
		return nil
	}
	if text := s.text(err.Error()); text != err.Error() {
		return &redactedError{text, err}
	}
	return err
}

// redactHandler is a log handler that removes secrets from messages.
type redactHandler struct {
	slog.Handler
	secrets *secrets
}

// Handle passes on a record without secrets.
func (h redactHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.secrets.text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(h.clean(a))
		return true
	})
	return h.Handler.Handle(ctx, clean)
}

// WithAttrs keeps attributes without secrets.
func (h redactHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	kept := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		kept[i] = h.clean(a)
	}
	h.Handler = h.Handler.WithAttrs(kept)
	return h
}

// WithGroup begins a group.
func (h redactHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}

// clean returns an attribute without secrets. Numbers and times stay.
func (h redactHandler) clean(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, h.secrets.text(v.String()))
	case slog.KindGroup:
		group := make([]slog.Attr, 0, len(v.Group()))
		for _, member := range v.Group() {
			group = append(group, h.clean(member))
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(group...)}
	case slog.KindAny:
		return slog.String(a.Key, h.secrets.text(fmt.Sprint(v.Any())))
	}
	return a
}
