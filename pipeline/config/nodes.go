package config

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxNodes bounds how many nodes are looked at, aliases followed, so that a
// small file cannot unfold into a large one; maxErrors how many mistakes are told.
const (
	maxNodes  = 100_000
	maxErrors = 50
	maxMerges = 8 // "<<" within "<<"
)

// parser walks the node tree and collects mistakes instead of stopping at one.
type parser struct {
	errs   Errors
	budget int
}

// fields maps the keys a mapping may have to what reads their values.
type fields map[string]func(*yaml.Node)

func (p *parser) fail(at *yaml.Node, format string, args ...any) {
	if len(p.errs) < maxErrors {
		p.errs = append(p.errs, Error{max(at.Line, 1), max(at.Column, 1), fmt.Sprintf(format, args...)})
	}
}

// resolve follows aliases; nil means that the budget is spent.
func (p *parser) resolve(node *yaml.Node) *yaml.Node {
	for {
		if p.budget--; p.budget < 0 {
			if p.budget == -1 {
				p.fail(node, "the file unfolds into too many values; use fewer aliases")
			}
			return nil
		}
		if node.Kind != yaml.AliasNode {
			return node
		}
		node = node.Alias
	}
}

// mapping reads a mapping whose keys are known; required is a comma-separated
// list of keys that must be there.
func (p *parser) mapping(node *yaml.Node, what, required string, known fields) {
	found := make(map[string]bool)
	ok := p.pairs(node, what, func(key, value *yaml.Node) {
		found[key.Value] = true
		if read, ok := known[key.Value]; ok {
			read(value)
			return
		}
		p.fail(key, "unknown key %q%s", key.Value, suggest(key.Value, known))
	})
	if !ok {
		return
	}
	for key := range strings.SplitSeq(required, ", ") {
		if !found[key] {
			p.fail(node, "%s needs %q", what, key)
		}
	}
}

// pairs calls yield for each key of a mapping, merged ones ("<<") after its own.
func (p *parser) pairs(node *yaml.Node, what string, yield func(key, value *yaml.Node)) bool {
	node = p.resolve(node)
	if node == nil {
		return false
	}
	if node.Kind != yaml.MappingNode {
		p.fail(node, "%s must be a mapping of keys to values, not %s", what, kind(node))
		return false
	}
	p.merge(node, what, names{}, 0, yield)
	return true
}

func (p *parser) merge(node *yaml.Node, what string, above names, depth int, yield func(key, value *yaml.Node)) {
	own := names{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := p.resolve(node.Content[i]), node.Content[i+1]
		if key == nil {
			return
		}
		first, twice := own[key.Value]
		_, covered := above[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode:
			p.fail(key, "a key of %s must be text, not %s", what, kind(key))
		case key.Tag == "!!merge":
			merged = append(merged, value)
		case twice:
			p.fail(key, "the key %q is there twice (first on line %d)", key.Value, first)
		default:
			own[key.Value] = key.Line
			if !covered {
				yield(key, value)
			}
		}
	}
	for name, line := range own {
		above[name] = line
	}
	for _, value := range merged {
		p.mergeValue(value, what, above, depth+1, yield)
	}
}

// mergeValue takes what stands behind "<<": a mapping or a list of them.
func (p *parser) mergeValue(value *yaml.Node, what string, above names, depth int, yield func(key, value *yaml.Node)) {
	source := p.resolve(value)
	switch {
	case source == nil:
	case depth > maxMerges:
		p.fail(value, "merges nest too deep")
	case source.Kind == yaml.MappingNode:
		p.merge(source, what, above, depth, yield)
	case source.Kind == yaml.SequenceNode:
		for _, one := range source.Content {
			p.mergeValue(one, what, above, depth+1, yield)
		}
	default:
		p.fail(value, "<< needs a mapping, not %s", kind(source))
	}
}

// list calls yield for each entry of a sequence that must not be empty.
func (p *parser) list(node *yaml.Node, what, entry string, limit int, yield func(*yaml.Node)) {
	node = p.resolve(node)
	switch {
	case node == nil:
	case node.Kind != yaml.SequenceNode:
		p.fail(node, "%s must be a list, not %s", what, kind(node))
	case len(node.Content) == 0:
		p.fail(node, "%s is empty; it needs at least one %s", what, entry)
	case len(node.Content) > limit:
		p.fail(node, "%s has %d entries; at most %d are allowed", what, len(node.Content), limit)
	default:
		for _, child := range node.Content {
			yield(child)
		}
	}
}

// scalar returns a value as it is written; nothing (null) is the empty text.
func (p *parser) scalar(node *yaml.Node, what string) (string, bool) {
	node = p.resolve(node)
	if node == nil {
		return "", false
	}
	if node.Kind != yaml.ScalarNode {
		p.fail(node, "%s must be a single value, not %s", what, kind(node))
		return "", false
	}
	if node.Tag == "!!null" {
		return "", true
	}
	return node.Value, true
}

// text is a scalar that is text and not empty.
func (p *parser) text(node *yaml.Node, what string) (string, bool) {
	node = p.resolve(node)
	if node == nil {
		return "", false
	}
	if node.Kind != yaml.ScalarNode || node.Tag != "!!str" {
		p.fail(node, "%s must be text, not %s", what, kind(node))
		return "", false
	}
	if strings.TrimSpace(node.Value) == "" {
		p.fail(node, "%s is empty", what)
		return "", false
	}
	return node.Value, true
}

// clean refuses NUL, which no process can be given.
func (p *parser) clean(node *yaml.Node, text string) bool {
	if strings.ContainsRune(text, 0) {
		p.fail(node, "a NUL character cannot be passed to a program")
		return false
	}
	return true
}

func kind(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch node.Tag {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "a number (put it in quotes)"
	case "!!bool":
		return "true or false (put it in quotes)"
	}
	return "text"
}

// suggest finds the known key that was probably meant.
func suggest(key string, known fields) string {
	best, distance := "", 3
	candidates := make([]string, 0, len(known))
	for name := range known {
		candidates = append(candidates, name)
	}
	slices.Sort(candidates)
	for _, name := range candidates {
		if d := edits(strings.ToLower(key), name); d < distance && d < len(name) {
			best, distance = name, d
		}
	}
	if best == "" {
		return " (known: " + strings.Join(candidates, ", ") + ")"
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// edits is how many letters must be changed, added or taken away (Levenshtein).
func edits(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
