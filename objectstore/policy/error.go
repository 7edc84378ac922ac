package policy

import (
	"errors"
	"fmt"
	"strings"
)

// Error says what is wrong with a document, where, and what to do.
type Error struct {
	Line   int // from 1
	Column int // in characters, from 1
	// Path is the element: "Statement[0].Condition.IpAddress.aws:SourceIp". Empty is
	// the document.
	Path    string
	Message string
}

func (e *Error) Error() string {
	if e.Path == "" {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
	}
	return fmt.Sprintf("line %d, column %d, %s: %s", e.Line, e.Column, e.Path, e.Message)
}

// problem is an error that does not know yet where it is.
type problem string

func (p problem) Error() string { return string(p) }

func errAt(message string) error { return problem(message) }

func errAtf(format string, args ...any) error { return problem(fmt.Sprintf(format, args...)) }

// at places a problem at an element of the document.
func (r *reader) at(n *node, path string, err error) error {
	var placed *Error
	if errors.As(err, &placed) {
		return err
	}
	return r.place(n.offset, path, err.Error())
}

func (r *reader) atf(n *node, path, format string, args ...any) error {
	return r.place(n.offset, path, fmt.Sprintf(format, args...))
}

func (r *reader) place(offset int, path, message string) *Error {
	before := r.text[:min(offset, len(r.text))]
	start := strings.LastIndexByte(before, '\n') + 1
	return &Error{Line: 1 + strings.Count(before, "\n"), Column: 1 + len([]rune(before[start:])), Path: path, Message: message}
}
