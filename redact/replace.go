package redact

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pcparchive/pcparchive/internal/manytext"
)

// role says how a text is replaced.
type role struct {
	kind Kind // KindNone: only the originals in the text are replaced
	pid  bool // a PID may precede a command line
	help bool // the text is a help text
}

// replaced is the result of replacing a text.
type replaced struct {
	text   string
	counts map[Kind]int // nil if nothing is replaced
}

// replacer replaces texts. It has one owner.
type replacer struct {
	rules  *Rules
	index  *index
	namer  namer
	memory map[role]map[string]replaced
	known  int
	counts map[Kind]int
	spans  []span
}

// mostKnown limits the number of texts whose replacements are remembered.
const mostKnown = 1 << 17

func newReplacer(rules *Rules, x *index, key []byte) *replacer {
	r := &replacer{rules: rules, index: x, namer: namer{key: key}, memory: map[role]map[string]replaced{}, counts: map[Kind]int{}}
	r.namer.contain = []func(string) bool{x.holdsPart, x.holds}
	return r
}

// text replaces a text.
func (r *replacer) text(as role, text string) string {
	known, ok := r.memory[as][text]
	if !ok {
		known = r.replace(as, text)
		r.remember(as, text, known)
	}
	r.count(known)
	return known.text
}

// bytes replaces a text in bytes. It returns b itself if nothing changes, and changes no
// byte of b.
func (r *replacer) bytes(as role, b []byte) []byte {
	known, ok := r.memory[as][string(b)]
	if !ok {
		text := string(b)
		known = r.replace(as, text)
		r.remember(as, text, known)
	}
	r.count(known)
	if known.counts == nil {
		return b
	}
	return []byte(known.text)
}

func (r *replacer) count(done replaced) {
	for kind, n := range done.counts {
		r.counts[kind] += n
	}
}

func (r *replacer) remember(as role, text string, done replaced) {
	if r.known >= mostKnown {
		clear(r.memory)
		r.known = 0
	}
	if r.memory[as] == nil {
		r.memory[as] = map[string]replaced{}
	}
	r.memory[as][strings.Clone(text)] = done
	r.known++
}

// replace replaces a text without remembering.
func (r *replacer) replace(as role, text string) replaced {
	done := replaced{text: text}
	if text == "" || r.rules.keep[text] {
		return done
	}
	if as.kind == KindNone {
		return r.originals(text, as.help)
	}
	if as.kind == KindHost {
		if strings.Contains(text, "://") {
			return r.originals(text, false)
		}
		host, _ := cutPort(text)
		if isNumber(host) || r.rules.keep[host] || r.rules.keepsText(host) {
			return done
		}
	}
	done.text = r.pseudonym(as.kind, text, as.pid)
	done.counts = map[Kind]int{as.kind: 1}
	return done
}

// pseudonym returns the pseudonym of a whole text.
func (r *replacer) pseudonym(kind Kind, text string, pid bool) string {
	switch kind {
	case KindHost:
		host, rest := cutPort(text)
		if !isAddress(host) {
			return r.namer.host(host) + rest
		}
		open := ""
		if strings.HasPrefix(text, "[") {
			open = "["
		}
		return open + r.namer.address(host) + rest
	case KindDomain:
		return r.namer.domain(text)
	case KindAddress:
		return r.namer.address(text)
	case KindCommand:
		return r.namer.command(text, pid)
	case KindProcess:
		return r.namer.name(kind, cutCommand(text, false).program)
	}
	return r.namer.name(kind, text)
}

// rounds is the number of times to replace the originals of a text: pseudonyms and the text
// around them may form another one, though hardly ever.
const rounds = 4

// originals replaces the originals in a text.
func (r *replacer) originals(text string, help bool) replaced {
	done := replaced{text: text}
	for round := range rounds {
		spans := r.find(done.text)
		if round == 0 { // later, what patterns describe are pseudonyms
			r.rules.described(text, help, func(s span) { spans = append(spans, s) })
			r.spans = spans
		}
		spans = disjoint(spans)
		if len(spans) == 0 {
			break
		}
		if done.counts == nil {
			done.counts = map[Kind]int{}
		}
		var b strings.Builder
		at := 0
		for _, s := range spans {
			b.WriteString(done.text[at:s.from])
			b.WriteString(r.spanned(s, done.text[s.from:s.to]))
			done.counts[s.kind]++
			at = s.to
		}
		b.WriteString(done.text[at:])
		if done.text = b.String(); !r.index.holds(done.text) {
			break
		}
	}
	return done
}

// spanned returns the pseudonym of a part of a text.
func (r *replacer) spanned(s span, text string) string {
	if s.form == nil {
		return r.pseudonym(s.kind, text, false)
	}
	p := r.pseudonym(s.kind, s.form.base, false)
	if s.form.write == nil {
		return p
	}
	written := s.form.write(p)
	if r.index.holdsPart(written) {
		return p
	}
	return written
}

// find returns the known originals in a text.
func (r *replacer) find(text string) []span {
	spans := r.spans[:0]
	in(r.index, text, func(m manytext.Match) bool {
		s := span{from: m.From, to: m.To, kind: r.index.kinds[m.Index]}
		if f, ok := r.index.forms[m.Index]; ok {
			s.form = &f
		} else if known := r.index.finder.Text(m.Index); text[m.From:m.To] != known {
			s.form = &form{kind: s.kind, base: known}
		} else if s.kind == KindDomain && s.from > 0 && text[s.from-1] == '.' {
			s = wholeHost(text, s)
		}
		spans = append(spans, s)
		return true
	})
	r.spans = spans
	return spans
}

// disjoint sorts spans and drops overlapping ones. Of those it keeps the one that begins
// first, and then the longest one.
func disjoint(spans []span) []span {
	if len(spans) < 2 {
		return spans
	}
	slices.SortStableFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to), cmp.Compare(order[a.kind], order[b.kind]))
	})
	kept := spans[:1]
	for _, s := range spans[1:] {
		if s.from >= kept[len(kept)-1].to {
			kept = append(kept, s)
		}
	}
	return kept
}

// wholeHost extends a known domain to the name of a host in it.
func wholeHost(text string, s span) span {
	for s.from > 0 && (isWord(text[s.from-1]) || text[s.from-1] == '-' || text[s.from-1] == '.') {
		s.from--
	}
	for text[s.from] == '.' || text[s.from] == '-' {
		s.from++
	}
	s.kind = KindHost
	return s
}

// binary replaces the originals in bytes that are no text by as many bytes.
func (r *replacer) binary(b []byte) []byte {
	out, own := b, false
	in(r.index, b, func(m manytext.Match) bool {
		if !own {
			out, own = append([]byte(nil), b...), true
		}
		filler := r.namer.code(r.index.finder.Text(m.Index), 0)
		for i := m.From; i < m.To; i++ {
			out[i] = filler[(i-m.From)%len(filler)]
		}
		r.counts[r.index.kinds[m.Index]]++
		return true
	})
	return out
}
