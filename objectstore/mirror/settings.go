package mirror

import (
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"croft/objectstore/remote"
)

// setting is something that a bucket can be set to.
type setting struct {
	query string // S3's name for it
	says  string // ours
	// empty reports whether a document says nothing; nil: one without any element does.
	empty func(text string) bool
	adapt func(text string, p pair) string
	// without takes out of a document that was refused what the target may not have, and
	// says what that was, or nothing.
	without func(text string) (rest, what string)
	// why says why it is not copied; empty for what is.
	why string
}

// before are the settings that objects are written under.
var before = []setting{
	{query: "encryption", says: "default encryption"},
	{query: "ownershipControls", says: "object ownership"},
}

// after are those that would be in the way of a mirror, or that something happens by.
// What keeps the public out stands before what may let it in.
var after = []setting{
	{query: "publicAccessBlock", says: "public access block"},
	{query: "policy", says: "policy", empty: func(text string) bool { return !strings.Contains(text, `"Statement"`) }, adapt: renamed},
	{query: "cors", says: "CORS"},
	{query: "website", says: "website"},
	{query: "lifecycle", says: "lifecycle", without: withoutTransitions},
	{query: "notification", says: "event notifications"},
	{query: "logging", says: "request logging"},
	{query: "object-lock", says: "default retention", empty: func(text string) bool { return !strings.Contains(text, "<Mode>") }},
	{query: "replication", says: "replication", why: "its rules name targets and roles that only the source has. Set it up anew."},
	{query: "inventory", says: "inventory reports", empty: func(text string) bool {
		return !strings.Contains(text, "InventoryConfiguration>") || !strings.Contains(text, "<Id>")
	}, why: "they name buckets and accounts of the source. Set them up anew."},
	{query: "requestPayment", says: "requester pays", empty: func(text string) bool { return !strings.Contains(text, "Requester<") }, why: "whoever asks does not pay here."},
	{query: "acl", says: "access control list", empty: func(text string) bool { return !strings.Contains(text, "acs.amazonaws.com/groups/") }, why: "it lets others in. Say so in a policy."},
}

// settingsTag marks a bucket that a mirror has made until its settings are there, so that
// a mirror that takes up what an interrupted one has left knows that nobody has set it up.
const settingsTag = "croft-mirror"

const settingsPending = "<Tagging><TagSet><Tag><Key>" + settingsTag + "</Key><Value>settings-pending</Value></Tag></TagSet></Tagging>"

// copySettings copies some settings of a bucket and tells what came of each.
func (m *run) copySettings(ctx context.Context, p pair, all []setting) error {
	var copied []string
	for _, s := range all {
		text, err := m.setting(ctx, p, s)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		if s.why != "" {
			m.note(p.from, s.says+" is not copied: "+s.why)
			continue
		}
		if s.adapt != nil {
			text = s.adapt(text, p)
		}
		if m.DryRun {
			copied = append(copied, s.says)
			continue
		}
		done, err := m.putSetting(ctx, p, s, text)
		if err != nil {
			return err
		}
		if done {
			copied = append(copied, s.says)
		}
	}
	if len(copied) > 0 {
		verb := " copied"
		if m.DryRun {
			verb = " would be copied"
		}
		m.note(p.from, strings.Join(copied, ", ")+verb)
	}
	return nil
}

// setting reads a setting at the source; empty where there is none.
func (m *run) setting(ctx context.Context, p pair, s setting) (string, error) {
	text, err := m.from.Setting(ctx, p.from, s.query)
	if err != nil {
		if why, refused := refusal(err); refused {
			m.note(p.from, s.says+" cannot be read at the source: "+why)
			return "", nil
		}
		return "", m.ofSource(err)
	}
	says := s.empty == nil && !hasElements(text) || s.empty != nil && s.empty(text)
	if says {
		return "", nil
	}
	return text, nil
}

// putSetting gives the target a setting, and reports whether it took it. What it refuses
// is told in its own words.
func (m *run) putSetting(ctx context.Context, p pair, s setting, text string) (bool, error) {
	err := m.to.PutSetting(ctx, p.to, s.query, text)
	if err == nil {
		return true, nil
	}
	why, refused := refusal(err)
	if !refused {
		return false, m.ofTarget(err)
	}
	if s.without != nil {
		if rest, what := s.without(text); what != "" && (rest == "" || m.to.PutSetting(ctx, p.to, s.query, rest) == nil) {
			m.note(p.from, s.says+" is copied without "+what+": "+why)
			return rest != "", nil
		}
	}
	m.note(p.from, s.says+" is not copied: "+why)
	return false, nil
}

// refusal is what a cluster says that will not do something, in its own words; other errors
// are none.
func refusal(err error) (why string, refused bool) {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) || answer.StatusCode >= http.StatusInternalServerError && answer.StatusCode != http.StatusNotImplemented ||
		answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout {
		return "", false
	}
	if answer.Message == "" || answer.Message == answer.Code {
		return remote.Code(err), true
	}
	return strings.TrimSpace(answer.Message), true
}

// renamed has a policy speak of the bucket by the name that it has at the target.
func renamed(text string, p pair) string {
	const bucket = "arn:aws:s3:::"
	return strings.NewReplacer(`"`+bucket+p.from+`"`, `"`+bucket+p.to+`"`, `"`+bucket+p.from+`/`, `"`+bucket+p.to+`/`).Replace(text)
}

// hasElements reports whether a document has an element inside its outermost one.
func hasElements(text string) bool {
	d := xml.NewDecoder(strings.NewReader(text))
	for depth := 0; ; {
		token, err := d.Token()
		if err != nil {
			return false
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth == 2 {
				return true
			}
		case xml.EndElement:
			depth--
		}
	}
}

// element is any XML.
type element struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Inside  []element  `xml:",any"`
}

// withoutTransitions takes what moves objects to other classes out of lifecycle rules, and
// rules of which nothing is left.
func withoutTransitions(text string) (rest, what string) {
	var doc element
	if xml.Unmarshal([]byte(text), &doc) != nil {
		return "", ""
	}
	removed := false
	var rules []element
	for _, rule := range doc.Inside {
		var inside []element
		acts := false
		for _, e := range rule.Inside {
			switch e.XMLName.Local {
			case "Transition", "NoncurrentVersionTransition":
				removed = true
				continue
			case "Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload":
				acts = true
			}
			inside = append(inside, e)
		}
		if rule.Inside = inside; acts || rule.XMLName.Local != "Rule" {
			rules = append(rules, rule)
		}
	}
	if doc.Inside = rules; !removed {
		return "", ""
	}
	what = "its transitions to other storage classes"
	if len(rules) == 0 {
		return "", what
	}
	out, err := xml.Marshal(doc)
	if err != nil {
		return "", ""
	}
	return string(out), what
}
