package rules

import (
	"regexp"
	"strings"
)

// Replacement replaces the first match of a regular expression, as the command s of sed
// does: & stands for the match and \1 to \9 for its groups.
type Replacement struct {
	Pattern string // as the rule has it
	With    string // as the rule has it
	re      *regexp.Regexp
}

// NewReplacement compiles an extended regular expression. An expression that is valid only
// in Go's dialect may be used too.
func NewReplacement(pattern, with string) (Replacement, error) {
	re, err := regexp.CompilePOSIX(pattern)
	if err != nil {
		if re, err = regexp.Compile(pattern); err != nil {
			return Replacement{}, err
		}
	}
	return Replacement{Pattern: pattern, With: with, re: re}, nil
}

// Matches reports whether the regular expression matches a part of text.
func (r *Replacement) Matches(text string) bool { return r.re.MatchString(text) }

// Apply returns text with its first match replaced. It returns false if there is none.
func (r *Replacement) Apply(text string) (string, bool) {
	at := r.re.FindStringSubmatchIndex(text)
	if at == nil {
		return text, false
	}
	group := func(n int) string {
		if 2*n+1 >= len(at) || at[2*n] < 0 {
			return ""
		}
		return text[at[2*n]:at[2*n+1]]
	}
	var b strings.Builder
	b.WriteString(text[:at[0]])
	for i := 0; i < len(r.With); i++ {
		switch c := r.With[i]; {
		case c == '&':
			b.WriteString(group(0))
		case c == '\\' && i+1 < len(r.With):
			i++
			if c = r.With[i]; c >= '1' && c <= '9' {
				b.WriteString(group(int(c - '0')))
			} else {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
	b.WriteString(text[at[1]:])
	return b.String(), true
}
