package adminapi

import (
	"bytes"
	"strconv"
	"strings"
)

// exposition is metrics in the text format that Prometheus reads.
type exposition struct {
	text bytes.Buffer
	said map[string]bool
}

const (
	gauge   = "gauge"
	counter = "counter"
)

// labels are names and values in turn.
type labels []string

// add writes one sample. The samples of a metric are added one behind another.
func (e *exposition) add(name, kind, help string, value float64, l labels) {
	if e.said == nil {
		e.said = make(map[string]bool)
	}
	if !e.said[name] {
		e.said[name] = true
		e.text.WriteString("# HELP " + name + " " + help + "\n# TYPE " + name + " " + kind + "\n")
	}
	e.text.WriteString(name)
	for i := 0; i+1 < len(l); i += 2 {
		mark := byte(',')
		if i == 0 {
			mark = '{'
		}
		e.text.WriteByte(mark)
		e.text.WriteString(l[i] + `="` + escapeLabel.Replace(strings.ToValidUTF8(l[i+1], "\uFFFD")) + `"`)
	}
	if len(l) > 1 {
		e.text.WriteByte('}')
	}
	e.text.WriteByte(' ')
	e.text.Write(strconv.AppendFloat(nil, value, 'g', -1, 64))
	e.text.WriteByte('\n')
}

var escapeLabel = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
