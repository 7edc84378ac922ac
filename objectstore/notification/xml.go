package notification

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// MaxDocument bounds a configuration, in bytes.
const MaxDocument = 256 << 10

// element is an element of the document.
type element struct {
	XMLName  xml.Name
	Children []element `xml:",any"`
	Text     string    `xml:",chardata"`
}

var sorts = map[string]struct {
	sort Sort
	arn  string
}{
	"QueueConfiguration":          {Queue, "Queue"},
	"TopicConfiguration":          {Topic, "Topic"},
	"CloudFunctionConfiguration":  {Function, "CloudFunction"},
	"LambdaFunctionConfiguration": {Function, "LambdaFunctionArn"},
}

// Parse reads a NotificationConfiguration as clients send it. One without rules is none.
func Parse(document []byte) (Rules, error) {
	var root element
	decoder := xml.NewDecoder(bytes.NewReader(document))
	if err := decoder.Decode(&root); err != nil {
		return nil, malformed("It cannot be read.")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("Something follows it.")
	}
	if root.XMLName.Local != "NotificationConfiguration" || strings.TrimSpace(root.Text) != "" {
		return nil, malformed("It is no NotificationConfiguration.")
	}
	var rules Rules
	for i := range root.Children {
		e := &root.Children[i]
		if e.XMLName.Local == "EventBridgeConfiguration" {
			return nil, unsupported("Croft has no EventBridge. Name a webhook, a pipeline or a room as the target.")
		}
		rule, err := parseRule(e)
		if err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, rules.check()
}

func parseRule(e *element) (r Rule, err error) {
	sort, ok := sorts[e.XMLName.Local]
	if !ok {
		return r, malformed("%s does not belong in it.", clip(e.XMLName.Local))
	}
	r.Sort = sort.sort
	seen := map[string]bool{}
	for i := range e.Children {
		child := &e.Children[i]
		name := child.XMLName.Local
		if name != "Event" && seen[name] || name != "Filter" && len(child.Children) > 0 {
			return r, malformed("%s does not belong in %s so.", clip(name), e.XMLName.Local)
		}
		seen[name] = true
		switch name {
		case "Id":
			r.ID = child.Text
		case sort.arn:
			r.ARN = strings.TrimSpace(child.Text)
		case "Event":
			r.Events = append(r.Events, strings.TrimSpace(child.Text))
		case "Filter":
			err = r.parseFilter(child)
		default:
			err = malformed("%s does not belong in %s.", clip(name), e.XMLName.Local)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func (r *Rule) parseFilter(e *element) error {
	seen := map[string]bool{}
	for _, key := range e.Children {
		if key.XMLName.Local != "S3Key" || len(e.Children) > 1 {
			return malformed("A Filter holds one S3Key.")
		}
		for _, rule := range key.Children {
			if rule.XMLName.Local != "FilterRule" {
				return malformed("%s does not belong in S3Key.", clip(rule.XMLName.Local))
			}
			var name, value string
			for _, part := range rule.Children {
				switch part.XMLName.Local {
				case "Name":
					name = strings.ToLower(strings.TrimSpace(part.Text))
				case "Value":
					value = part.Text
				default:
					return malformed("%s does not belong in FilterRule.", clip(part.XMLName.Local))
				}
			}
			if seen[name] {
				return invalid("Cannot specify more than one %s rule in a filter.", clip(name))
			}
			seen[name] = true
			switch name {
			case "prefix":
				r.Prefix = value
			case "suffix":
				r.Suffix = value
			default:
				return invalid("filter rule name must be either prefix or suffix")
			}
		}
	}
	return nil
}

type (
	ruleXML struct {
		XMLName  xml.Name
		ID       string     `xml:"Id"`
		Queue    string     `xml:"Queue,omitempty"`
		Topic    string     `xml:"Topic,omitempty"`
		Function string     `xml:"CloudFunction,omitempty"`
		Events   []string   `xml:"Event"`
		Filter   *filterXML `xml:"Filter"`
	}
	filterXML struct {
		Rules []filterRuleXML `xml:"S3Key>FilterRule"`
	}
	filterRuleXML struct {
		Name, Value string
	}
)

const namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

// String is the document that says the rules, without an XML declaration.
func (rules Rules) String() string {
	var document struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ NotificationConfiguration"`
		Rules   []ruleXML
	}
	for _, r := range rules {
		x := ruleXML{ID: r.ID, Events: r.Events, XMLName: xml.Name{Space: namespace, Local: "QueueConfiguration"}}
		switch r.Sort {
		case Queue:
			x.Queue = r.ARN
		case Topic:
			x.XMLName.Local, x.Topic = "TopicConfiguration", r.ARN
		case Function:
			x.XMLName.Local, x.Function = "CloudFunctionConfiguration", r.ARN
		}
		if r.Prefix != "" || r.Suffix != "" {
			x.Filter = &filterXML{}
			for _, f := range []filterRuleXML{{"prefix", r.Prefix}, {"suffix", r.Suffix}} {
				if f.Value != "" {
					x.Filter.Rules = append(x.Filter.Rules, f)
				}
			}
		}
		document.Rules = append(document.Rules, x)
	}
	text, err := xml.Marshal(document)
	if err != nil {
		return "" // there is nothing in it that cannot be written
	}
	return strings.ReplaceAll(string(text), ` xmlns="`+namespace+`"><Id>`, `><Id>`)
}
