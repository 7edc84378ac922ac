package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// Parse understands a .croft.yml or returns Errors.
func Parse(data []byte) (File, error) {
	p := &parser{budget: maxNodes}
	root := p.document(data)
	var file File
	if root != nil {
		file = p.file(root)
	}
	if len(p.errs) > 0 {
		return File{}, p.errs.sorted()
	}
	return file, nil
}

// document returns the root of the file's one document, or nil after an error.
func (p *parser) document(data []byte) *yaml.Node {
	if len(data) > MaxBytes {
		p.errs = append(p.errs, Error{1, 1, fmt.Sprintf("the file is longer than %d KiB", MaxBytes>>10)})
		return nil
	}
	if at := firstInvalid(data); at >= 0 {
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		p.errs = append(p.errs, Error{line, at - bytes.LastIndexByte(data[:at], '\n'), "the file is not UTF-8 text"})
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		p.errs = append(p.errs, Error{1, 1, `the file is empty; it needs "stages"`})
		return nil
	case err != nil:
		p.syntax(err)
		return nil
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		p.fail(&second, "the file holds more than one YAML document")
	case !errors.Is(err, io.EOF):
		p.syntax(err)
	}
	if len(doc.Content) != 1 {
		p.fail(&doc, `the file is empty; it needs "stages"`)
		return nil
	}
	return doc.Content[0]
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntax places an error of the YAML library, which knows the line at most.
func (p *parser) syntax(err error) {
	text := err.Error()
	line := 1
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		if n, convErr := strconv.Atoi(m[1]); convErr == nil {
			line = max(n, 1)
		}
		text = text[len(m[0]):]
	}
	p.errs = append(p.errs, Error{line, 1, "not valid YAML: " + strings.ReplaceAll(text, "\n", " ")})
}

func (p *parser) file(node *yaml.Node) File {
	var f File
	p.mapping(node, "the file", "stages", fields{
		"version": func(n *yaml.Node) {
			if v, ok := p.scalar(n, "version"); ok && v != "1" {
				p.fail(n, `version %q is not known; this Croft knows version 1`, v)
			}
		},
		"env":     func(n *yaml.Node) { f.Env = p.env(n) },
		"timeout": func(n *yaml.Node) { f.Timeout = p.duration(n) },
		"stages":  func(n *yaml.Node) { f.Stages = p.stages(n) },
	})
	return f
}

func (p *parser) stages(node *yaml.Node) []Stage {
	var stages []Stage
	seen := names{}
	p.list(node, "stages", "stage", MaxStages, func(n *yaml.Node) {
		var s Stage
		p.mapping(n, "a stage", "name, steps", fields{
			"name":  func(n *yaml.Node) { s.Name = p.name(n, "stage", seen) },
			"steps": func(n *yaml.Node) { s.Steps = p.steps(n) },
		})
		stages = append(stages, s)
	})
	return stages
}

func (p *parser) steps(node *yaml.Node) []Step {
	var steps []Step
	seen := names{}
	p.list(node, "steps", "step", MaxStepsPerStage, func(n *yaml.Node) {
		var s Step
		p.mapping(n, "a step", "name, image, script", fields{
			"name":      func(n *yaml.Node) { s.Name = p.name(n, "step", seen) },
			"image":     func(n *yaml.Node) { s.Image = p.image(n) },
			"env":       func(n *yaml.Node) { s.Env = p.env(n) },
			"script":    func(n *yaml.Node) { s.Script = p.script(n) },
			"timeout":   func(n *yaml.Node) { s.Timeout = p.duration(n) },
			"artifacts": func(n *yaml.Node) { s.Artifacts = p.artifacts(n) },
		})
		steps = append(steps, s)
	})
	return steps
}

// names remembers where a name was first given.
type names map[string]int

func (p *parser) name(node *yaml.Node, what string, seen names) string {
	name, ok := p.text(node, what+" name")
	if !ok {
		return ""
	}
	switch first, taken := seen[name]; {
	case taken:
		p.fail(node, "the %s %q is there twice (first on line %d)", what, name, first)
	case len(name) > 64:
		p.fail(node, "the %s name is longer than 64 bytes", what)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		p.fail(node, "the %s name holds control characters", what)
	default:
		seen[name] = node.Line
	}
	return name
}

func (p *parser) image(node *yaml.Node) string {
	image, ok := p.text(node, "image")
	if ok && (len(image) > 512 || strings.ContainsFunc(image, func(r rune) bool { return r <= ' ' || r >= 0x7f })) {
		p.fail(node, "%q is not the name of an image", image)
	}
	return image
}

func (p *parser) env(node *yaml.Node) map[string]string {
	env := make(map[string]string)
	p.pairs(node, "env", func(key, value *yaml.Node) {
		switch {
		case !ValidEnvName(key.Value):
			p.fail(key, "%q is not the name of a variable (letters, digits and _, not starting with a digit)", key.Value)
		case ReservedEnvName(key.Value):
			p.fail(key, "%q is set by Croft; names starting with CROFT are reserved", key.Value)
		default:
			if v, ok := p.scalar(value, "the value of "+key.Value); ok && p.clean(value, v) {
				env[key.Value] = v
			}
		}
	})
	return env
}

func (p *parser) script(node *yaml.Node) []string {
	node = p.resolve(node)
	if node == nil {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		text, ok := p.text(node, "script")
		if !ok || !p.clean(node, text) {
			return nil
		}
		return []string{strings.TrimRight(text, "\n")}
	}
	var lines []string
	p.list(node, "script", "command", 1000, func(n *yaml.Node) {
		if text, ok := p.text(n, "a command of script"); ok && p.clean(n, text) {
			lines = append(lines, strings.TrimRight(text, "\n"))
		}
	})
	return lines
}

func (p *parser) artifacts(node *yaml.Node) []string {
	var patterns []string
	p.list(node, "artifacts", "path", MaxArtifacts, func(n *yaml.Node) {
		pattern, ok := p.text(n, "a path of artifacts")
		if !ok || !p.clean(n, pattern) {
			return
		}
		if why := badPattern(pattern); why != "" {
			p.fail(n, "the artifact path %q %s", pattern, why)
		}
		patterns = append(patterns, pattern)
	})
	return patterns
}

func badPattern(pattern string) string {
	if strings.HasPrefix(pattern, "/") {
		return "starts with /; paths are relative to the workspace"
	}
	if strings.Contains(pattern, `\`) {
		return `holds \; folders are separated by /`
	}
	if len(pattern) > 512 {
		return "is longer than 512 bytes"
	}
	for part := range strings.SplitSeq(pattern, "/") {
		if part == ".." {
			return "leaves the workspace"
		}
	}
	return ""
}

func (p *parser) duration(node *yaml.Node) time.Duration {
	text, ok := p.scalar(node, "timeout")
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(strings.TrimSpace(text))
	switch {
	case err != nil:
		p.fail(node, "%q is not a duration such as 90s, 30m or 1h30m", text)
	case d < time.Second:
		p.fail(node, "a timeout is at least 1s")
	case d > MaxTimeout:
		p.fail(node, "a timeout is at most 24h")
	}
	return d
}
