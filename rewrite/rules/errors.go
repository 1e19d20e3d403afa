package rules

import (
	"fmt"
	"strconv"
)

// Pos is a position in a file of rules.
type Pos struct {
	File   string
	Line   int // from 1
	Column int // in characters, from 1
}

// String returns FILE:LINE:COLUMN.
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// Position returns p. Rules and clauses embed a Pos.
func (p Pos) Position() Pos { return p }

// SyntaxError reports text that does not follow the grammar of rules.
type SyntaxError struct {
	Pos    Pos
	Reason string
}

// Error returns position and reason.
func (e *SyntaxError) Error() string { return e.Pos.String() + ": " + e.Reason }

func quoteRune(r rune) string { return strconv.QuoteRune(r) }
