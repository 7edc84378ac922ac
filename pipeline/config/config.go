// Package config reads .croft.yml. It either understands a whole file or says
// everything that is wrong with it, each with line and column; it never guesses
// and never runs anything.
package config

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// FileName is where a repository keeps its pipeline.
const FileName = ".croft.yml"

// MaxBytes is how long the file may be.
const MaxBytes = 256 << 10

// The bounds of one pipeline.
const (
	MaxStages        = 50
	MaxStepsPerStage = 50
	MaxArtifacts     = 100 // patterns of one step
	MaxTimeout       = 24 * time.Hour
)

// File is a pipeline that has been understood.
type File struct {
	Env     map[string]string
	Timeout time.Duration // of the whole run; 0: not said
	Stages  []Stage
}

// Stage is a group of steps that run side by side.
type Stage struct {
	Name  string
	Steps []Step
}

// Step is one script in one container.
type Step struct {
	Name      string
	Image     string
	Env       map[string]string
	Script    []string
	Timeout   time.Duration // 0: not said
	Artifacts []string
}

// Error is one mistake in the file.
type Error struct {
	Line, Column int
	Message      string
}

// Errors are all mistakes of a file in the order of its lines.
type Errors []Error

// Error lists the mistakes one a line, as compilers do.
func (e Errors) Error() string {
	var b strings.Builder
	for i, one := range e {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", FileName, one.Line, one.Column, one.Message)
	}
	return b.String()
}

func (e Errors) sorted() Errors {
	sort.SliceStable(e, func(i, j int) bool {
		if e[i].Line != e[j].Line {
			return e[i].Line < e[j].Line
		}
		return e[i].Column < e[j].Column
	})
	return e
}

// ValidEnvName reports whether name can be a variable of a shell.
func ValidEnvName(name string) bool {
	for i, c := range []byte(name) {
		switch {
		case c == '_', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', i > 0 && c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return name != "" && len(name) <= 256
}

// ReservedEnvName reports whether name belongs to Croft.
func ReservedEnvName(name string) bool { return name == "CROFT" || strings.HasPrefix(name, "CROFT_") }
