package derive

import "strings"

// kind is the kind of a token or of a node.
type kind uint8

// The kinds. Those from kindPlus to kindColon are operators.
const (
	kindEnd kind = iota
	kindBad
	kindInteger
	kindDouble
	kindName
	kindString
	kindInstance // [instance]
	kindPattern  // /regexp/
	kindLeft
	kindRight
	kindComma
	kindAssign
	kindPlus
	kindMinus
	kindStar
	kindSlash
	kindLT
	kindLEQ
	kindEQ
	kindGEQ
	kindGT
	kindNEQ
	kindAnd
	kindOr
	kindNot
	kindQuest
	kindColon

	// kinds of nodes only
	kindNeg
	kindAvg
	kindCount
	kindMax
	kindMin
	kindSum
	kindDelta
	kindRate
	kindInstant
	kindDefined
	kindRescale
	kindScalar
	kindFilter
	kindConst // mkconst
	kindAnon
	kindNoValue
)

// words are the names of kinds in messages of libpcp.
var words = map[kind][2]string{ // long and short
	kindName: {"NAME"}, kindPlus: {"PLUS", "+"}, kindMinus: {"MINUS", "-"}, kindStar: {"STAR", "*"}, kindSlash: {"SLASH", "/"},
	kindLT: {"LT", "<"}, kindLEQ: {"LEQ", "<="}, kindEQ: {"EQ", "=="}, kindGEQ: {"GEQ", ">="}, kindGT: {"GT", ">"}, kindNEQ: {"NEQ", "!="},
	kindAnd: {"AND", "&&"}, kindOr: {"OR", "||"}, kindNot: {"NOT", "!"}, kindQuest: {"QUEST", "?"}, kindColon: {"COLON", ":"},
	kindNeg: {"NEG", "-"}, kindLeft: {"LPAREN", "("}, kindRight: {"RPAREN", ")"}, kindAvg: {"AVG"}, kindCount: {"COUNT"}, kindMax: {"MAX"},
	kindMin: {"MIN"}, kindSum: {"SUM"}, kindDelta: {"DELTA"}, kindRate: {"RATE"}, kindInstant: {"INSTANT"}, kindDefined: {"DEFINED"},
	kindRescale: {"RESCALE"}, kindScalar: {"SCALAR"}, kindFilter: {"MATCHINST"}, kindAnon: {"ANON"},
}

// functions are the names of functions. A function's name is one only before a
// parenthesis.
var functions = map[string]kind{
	"avg": kindAvg, "count": kindCount, "max": kindMax, "min": kindMin, "sum": kindSum, "delta": kindDelta, "rate": kindRate,
	"instant": kindInstant, "defined": kindDefined, "rescale": kindRescale, "scalar": kindScalar, "matchinst": kindFilter,
	"mkconst": kindConst, "anon": kindAnon, "novalue": kindNoValue,
}

// token is a token of an expression.
type token struct {
	kind   kind
	offset int
	text   string
}

// lexer splits an expression into tokens.
type lexer struct {
	text string
	at   int
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlpha(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isSpace(c byte) bool { return strings.IndexByte(" \t\n\v\f\r", c) >= 0 }

func isNameByte(c byte) bool { return isAlpha(c) || isDigit(c) || c == '_' || c == '.' }

// operators are the operators, longer ones first.
var operators = []struct {
	text string
	kind kind
}{
	{"<=", kindLEQ}, {"==", kindEQ}, {">=", kindGEQ}, {"!=", kindNEQ}, {"&&", kindAnd}, {"||", kindOr},
	{"+", kindPlus}, {"-", kindMinus}, {"*", kindStar}, {"/", kindSlash}, {"(", kindLeft}, {")", kindRight}, {"<", kindLT}, {">", kindGT},
	{"=", kindAssign}, {"!", kindNot}, {"?", kindQuest}, {":", kindColon}, {",", kindComma},
}

// next returns the next token. pattern means that a slash begins a regular expression.
func (l *lexer) next(pattern bool) (token, string) {
	for l.at < len(l.text) && isSpace(l.text[l.at]) {
		l.at++
	}
	begin := l.at
	if begin == len(l.text) {
		return token{kind: kindEnd, offset: max(0, len(l.text)-1)}, ""
	}
	switch c := l.text[begin]; {
	case isDigit(c) || c == '.':
		return l.number()
	case isAlpha(c):
		return l.while(kindName, isNameByte), ""
	case c == '"':
		return l.delimited(kindString, '"', "unterminated STRING")
	case c == '[':
		return l.delimited(kindInstance, ']', "unterminated instance name")
	case c == '/' && pattern:
		return l.delimited(kindPattern, '/', "unterminated pattern")
	}
	for _, op := range operators {
		if strings.HasPrefix(l.text[begin:], op.text) {
			l.at += len(op.text)
			return token{op.kind, begin, op.text}, ""
		}
	}
	return token{kind: kindBad, offset: begin}, "Illegal character"
}

// while returns the token of all bytes that belong to it.
func (l *lexer) while(k kind, in func(byte) bool) token {
	begin := l.at
	for l.at < len(l.text) && in(l.text[l.at]) {
		l.at++
	}
	return token{k, begin, l.text[begin:l.at]}
}

func (l *lexer) number() (token, string) {
	t := l.while(kindInteger, isDigit)
	if l.at < len(l.text) && l.text[l.at] == '.' {
		l.at++
		l.while(kindDouble, isDigit)
		return token{kindDouble, t.offset, l.text[t.offset:l.at]}, ""
	}
	digits := strings.TrimLeft(t.text, "0")
	if len(digits) > 10 || len(digits) == 10 && digits > "4294967295" {
		return token{kind: kindBad, offset: t.offset}, "Constant value too large"
	}
	return t, ""
}

// delimited returns a token with what is between two bytes.
func (l *lexer) delimited(k kind, end byte, unterminated string) (token, string) {
	begin := l.at
	length := strings.IndexByte(l.text[begin+1:], end)
	if length < 0 {
		return token{kind: kindBad, offset: begin}, unterminated
	}
	l.at = begin + length + 2
	return token{k, begin, l.text[begin+1 : l.at-1]}, ""
}
