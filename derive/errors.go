package derive

import "fmt"

// SyntaxError reports text that is no expression.
type SyntaxError struct {
	Text   string
	Offset int // where in Text the error is
	Reason string
}

// Error returns the reason, in the words of libpcp, and the place.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("Syntax Error at offset %d: %s", e.Offset, e.Reason)
}

// SemanticError reports an expression that its operands make senseless.
type SemanticError struct {
	Name   string // of the derived metric
	Part   string // the part of the expression
	Reason string
}

// Error returns the message of libpcp.
func (e *SemanticError) Error() string {
	return fmt.Sprintf("Semantic Error: derived metric %s: %s: %s", e.Name, e.Part, e.Reason)
}

// UnknownError reports an operand that does not exist.
type UnknownError struct {
	Name    string // of the derived metric
	Operand string
}

// Error names the operand.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("derived metric %s: operand: %s: Unknown metric name", e.Name, e.Operand)
}

// The reasons of libpcp that callers compare.
const (
	DuplicateGlobal  = "Duplicate global derived metric name"
	DuplicateContext = "Duplicate per-context derived metric name"
)
