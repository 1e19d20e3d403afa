package redact

import (
	"net/netip"
	"strings"

	"github.com/pcparchive/pcparchive/internal/lazyregexp"
)

// span is a part of a text that is an original.
type span struct {
	from, to int
	kind     Kind
	form     *form // nil for an original in its own spelling
}

var (
	urlText  = lazyregexp.New(`[a-zA-Z][a-zA-Z0-9+.-]*://(?:([^/\s@"'<>]+)@)?(\[[^\]\s]+\]|[^/\s:?#"'<>\[\]]*)(?::\d+)?[^\s?#"'<>]*(?:\?([^\s"'#<>]+))?`)
	mailText = lazyregexp.New(`([A-Za-z0-9._%+-]+)@((?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,})`)
)

// units are the ends of names that look like mail addresses: "getty@tty1.service".
var units = map[string]bool{
	"service": true, "slice": true, "scope": true, "socket": true, "timer": true, "target": true, "mount": true, "device": true, "path": true, "swap": true, "automount": true,
}

// described calls found for the parts of a text that patterns describe. Parts may overlap.
// In help texts only addresses count: their URLs are those of documentation.
func (r *Rules) described(text string, help bool, found func(span)) {
	addresses(text, func(from, to int) {
		if !r.keepsText(text[from:to]) {
			found(span{from: from, to: to, kind: KindAddress})
		}
	})
	if help {
		return
	}
	group := func(m []int, i int, kind Kind) {
		if from, to := m[2*i], m[2*i+1]; from >= 0 && to > from && !r.keep[text[from:to]] && !isAddress(strings.Trim(text[from:to], "[]")) {
			found(span{from: from, to: to, kind: kind})
		}
	}
	if strings.Contains(text, "://") {
		for _, m := range urlText().FindAllStringSubmatchIndex(text, -1) {
			group(m, 1, KindSecret)
			group(m, 2, KindHost)
			group(m, 3, KindSecret)
		}
	}
	if strings.ContainsRune(text, '@') {
		for _, m := range mailText().FindAllStringSubmatchIndex(text, -1) {
			if end := text[m[4]:m[5]]; !units[end[strings.LastIndexByte(end, '.')+1:]] {
				group(m, 1, KindUser)
				group(m, 2, KindHost)
			}
		}
	}
	for i := range r.Rules {
		if re := r.Rules[i].re; re != nil && r.Rules[i].Kind != KindNone {
			for _, m := range re.FindAllStringSubmatchIndex(text, -1) {
				group(m, 1, r.Rules[i].Kind)
			}
		}
	}
}

// keepsText reports whether an address stays as it is.
func (r *Rules) keepsText(address string) bool {
	if hardware, _, ok := parseHardware(address); ok {
		return nobody(hardware)
	}
	a, err := netip.ParseAddr(address)
	return err == nil && r.keepsAddress(a)
}

// cutPort divides "host:port". An IPv6 address needs brackets for a port.
func cutPort(text string) (host, rest string) {
	if strings.HasPrefix(text, "[") {
		if end := strings.IndexByte(text, ']'); end > 0 {
			return text[1:end], text[end:]
		}
	}
	if at := strings.IndexByte(text, ':'); at > 0 && strings.IndexByte(text[at+1:], ':') < 0 {
		return text[:at], text[at:]
	}
	return text, ""
}

// isNumber reports whether a text consists of digits.
func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }
