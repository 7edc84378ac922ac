package policy

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxBytes bounds the text of a policy, as AWS does.
const MaxBytes = 20 << 10

// Effect is what a statement, or a policy, says.
type Effect string

// The effects. NoMatch is that nothing is said, which elsewhere may be enough to
// refuse.
const (
	Allow   Effect = "Allow"
	Deny    Effect = "Deny"
	NoMatch Effect = "NoMatch"
)

// Policy is a document that was read. It does not change.
type Policy struct {
	Version    string
	ID         string
	statements []statement

	text     string
	mentions []mention
}

type statement struct {
	sid           string
	effect        Effect
	line          int
	principals    principals
	notPrincipal  bool
	hasPrincipals bool
	actions       []*pattern
	notAction     bool
	resources     []*pattern
	notResource   bool
	conditions    []condition
}

// Versions of the language. Before 2012 there were no variables; a document that does
// not say is of then.
const (
	version2012 = "2012-10-17"
	version2008 = "2008-10-17"
)

const resourcePrefix = "arn:aws:s3:::"

// Resource is the ARN of a bucket, or of an object where there is a key.
func Resource(bucket, key string) string {
	if key == "" {
		return resourcePrefix + bucket
	}
	return resourcePrefix + bucket + "/" + key
}

// purpose is what a policy is for, which says what must stand in it.
type purpose uint8

const (
	forBucket purpose = iota
	forIdentity
	forTrust
)

// ParseBucket reads the policy of a bucket: every statement names principals, and
// resources of this bucket only. Errors are *Error.
func ParseBucket(text, bucket string) (*Policy, error) { return parse(text, bucket) }

// ParseIdentity reads a policy of a user or of a session: no statement names
// principals, and resources may be anybody's.
func ParseIdentity(text string) (*Policy, error) { return parse(text, "") }

// ParseTrust reads the policy of a role that says who may assume it: every statement
// names principals, actions of STS, and no resource, which is the role itself.
func ParseTrust(text string) (*Policy, error) { return parseFor(text, forTrust, "") }

func parse(text, bucket string) (*Policy, error) {
	if bucket == "" {
		return parseFor(text, forIdentity, "")
	}
	return parseFor(text, forBucket, bucket)
}

func parseFor(text string, purpose purpose, bucket string) (*Policy, error) {
	r := &reader{text: text, purpose: purpose}
	if len(text) > MaxBytes {
		return nil, r.place(0, "", fmt.Sprintf("A policy has at most %d bytes, and this has %d. Name groups of keys with wildcards instead of one by one.", MaxBytes, len(text)))
	}
	if !utf8.ValidString(text) {
		return nil, r.place(0, "", "A policy is text in UTF-8, and this is not.")
	}
	root, err := r.document()
	if err != nil {
		return nil, err
	}
	p, err := r.policy(root, bucket)
	if err != nil {
		return nil, err
	}
	p.text, p.mentions = text, r.mentions
	return p, nil
}

func (r *reader) policy(root *node, bucket string) (*Policy, error) {
	if root.kind != isObject {
		return nil, r.atf(root, "", `A policy is an object, {"Version": "2012-10-17", "Statement": […]}, not %s.`, root.kind)
	}
	p := &Policy{Version: version2008}
	var statements *node
	for _, m := range root.members {
		switch m.name {
		case "Version":
			p.Version = m.value.text
			if m.value.kind != isString || (p.Version != version2012 && p.Version != version2008) {
				return nil, r.atf(m.value, m.name, `The version is that of the language: "2012-10-17".`)
			}
		case "Id":
			if p.ID = m.value.text; m.value.kind != isString {
				return nil, r.atf(m.value, m.name, "An Id is a text, not %s.", m.value.kind)
			}
		case "Statement":
			statements = m.value
		default:
			return nil, r.place(m.offset, m.name, "A policy has Version, Id and Statement, and nothing else. Check the spelling, or remove this.")
		}
	}
	if statements == nil || len(statements.list()) == 0 {
		return nil, r.atf(root, "Statement", "A policy needs at least one statement. To have none, delete the policy.")
	}
	sids := map[string]bool{}
	for i, n := range statements.list() {
		path := fmt.Sprintf("Statement[%d]", i)
		s, err := r.statement(n, path, bucket, p.Version == version2012)
		if err != nil {
			return nil, err
		}
		if s.sid != "" && sids[s.sid] {
			return nil, r.atf(n, path+".Sid", "There is another statement %q. Give each a Sid of its own, or none.", s.sid)
		}
		sids[s.sid] = true
		p.statements = append(p.statements, s)
	}
	return p, nil
}

func (r *reader) statement(n *node, path, bucket string, variables bool) (statement, error) {
	s := statement{line: r.place(n.offset, "", "").Line}
	if n.kind != isObject {
		return s, r.atf(n, path, "A statement is an object, not %s.", n.kind)
	}
	var err error
	var actionNode, resourceNode *node
	for _, m := range n.members {
		at := join(path, m.name)
		switch m.name {
		case "Sid":
			if s.sid = m.value.text; m.value.kind != isString {
				err = r.atf(m.value, at, "A Sid is a text, not %s.", m.value.kind)
			}
		case "Effect":
			if s.effect = Effect(m.value.text); m.value.kind != isString || (s.effect != Allow && s.effect != Deny) {
				err = r.atf(m.value, at, `The effect is "Allow" or "Deny", spelled so.`)
			}
		case "Principal", "NotPrincipal":
			switch {
			case r.purpose == forIdentity:
				err = r.place(m.offset, at, "Whom this policy is for it is attached to. Remove this.")
			case s.hasPrincipals:
				err = r.place(m.offset, at, "A statement has either Principal or NotPrincipal. Remove one of them.")
			default:
				s.hasPrincipals, s.notPrincipal = true, m.name == "NotPrincipal"
				s.principals, err = r.principals(m.value, at)
			}
		case "Action", "NotAction":
			if actionNode != nil {
				return s, r.place(m.offset, at, "A statement has either Action or NotAction. Remove one of them.")
			}
			actionNode, s.notAction = m.value, m.name == "NotAction"
			s.actions, err = r.actions(m.value, at, bucket != "")
		case "Resource", "NotResource":
			if r.purpose == forTrust {
				return s, r.place(m.offset, at, "The resource of a trust policy is its role. Remove this.")
			}
			if resourceNode != nil {
				return s, r.place(m.offset, at, "A statement has either Resource or NotResource. Remove one of them.")
			}
			resourceNode, s.notResource = m.value, m.name == "NotResource"
			s.resources, err = r.resources(m.value, at, bucket, variables)
		case "Condition":
			s.conditions, err = r.conditions(m.value, at, variables)
		default:
			err = r.place(m.offset, at, "A statement has Sid, Effect, Principal, Action, Resource and Condition, or NotPrincipal, NotAction and NotResource. Check the spelling, or remove this.")
		}
		if err != nil {
			return s, err
		}
	}
	if resourceNode == nil && actionNode != nil && (r.purpose == forTrust || (r.purpose == forIdentity && s.needsNoResource())) {
		resourceNode, s.resources = n, []*pattern{everything}
	}
	switch {
	case s.effect == "":
		err = r.atf(n, join(path, "Effect"), `This statement has no effect. Say "Effect": "Allow" or "Deny".`)
	case r.purpose != forIdentity && !s.hasPrincipals:
		err = r.atf(n, join(path, "Principal"), `This statement does not say whom it is for. Say "Principal": "*", or whom.`)
	case actionNode == nil:
		err = r.atf(n, join(path, "Action"), `This statement has no action. Say "Action": "s3:GetObject", or which.`)
	case resourceNode == nil:
		err = r.atf(n, join(path, "Resource"), `This statement has no resource. Say "Resource": %q, or which.`, Resource(orExample(bucket), "*"))
	case !s.notAction && !s.notResource && bucket != "":
		err = r.applies(&s, actionNode, join(path, "Action"), bucket)
	}
	return s, err
}

// everything is the resource "*".
var everything, _ = newPattern("*", true, false) // without variables nothing can be wrong

// needsNoResource reports whether all the actions are about the server as a whole.
func (s *statement) needsNoResource() bool {
	for _, p := range s.actions {
		service, _, _ := strings.Cut(strings.ToLower(p.source), ":")
		if service != "admin" && service != "kms" && service != "sts" {
			return false
		}
	}
	return !s.notAction
}

// OnlyS3 reports whether nothing but actions of S3 is allowed, whatever the resources
// and the conditions.
func (p *Policy) OnlyS3() bool {
	for i := range p.statements {
		s := &p.statements[i]
		if s.effect != Allow {
			continue
		}
		for _, a := range s.actions {
			if len(a.source) < len(service) || !strings.EqualFold(a.source[:len(service)], service) {
				return false
			}
		}
		if s.notAction {
			return false
		}
	}
	return true
}

func orExample(bucket string) string {
	if bucket == "" {
		return "BUCKET"
	}
	return bucket
}

func (r *reader) actions(n *node, path string, only bool) ([]*pattern, error) {
	items := n.list()
	if len(items) == 0 {
		return nil, r.atf(n, path, "Name at least one action.")
	}
	out := make([]*pattern, 0, len(items))
	for _, item := range items {
		if item.kind != isString {
			return nil, r.atf(item, path, "An action is a text, not %s.", item.kind)
		}
		p, _ := newPattern(item.text, true, false) // without variables nothing can be wrong
		prefix, _, _ := strings.Cut(item.text, ":")
		if r.purpose == forTrust && s3OrOther(item.text) {
			return nil, r.atf(item, path, "A trust policy is about assuming the role: sts:AssumeRole or sts:AssumeRoleWithWebIdentity, not %q.", item.text)
		}
		// Of other services only their own names are known.
		other := !only && !strings.EqualFold(prefix, "s3") && strings.Contains(item.text, ":")
		if !other && levelsOf(p) == 0 {
			return nil, r.atf(item, path, "S3 has no action %q. Check the spelling; they look like s3:GetObject, s3:ListBucket or s3:*.", item.text)
		}
		out = append(out, p)
	}
	return out, nil
}

// s3OrOther reports whether an action is not one of STS.
func s3OrOther(action string) bool {
	prefix, _, _ := strings.Cut(action, ":")
	return !strings.EqualFold(prefix, "sts") || !strings.Contains(action, ":")
}

func (r *reader) resources(n *node, path, bucket string, variables bool) ([]*pattern, error) {
	items := n.list()
	if len(items) == 0 {
		return nil, r.atf(n, path, "Name at least one resource.")
	}
	out := make([]*pattern, 0, len(items))
	for _, item := range items {
		if item.kind != isString {
			return nil, r.atf(item, path, "A resource is a text, not %s.", item.kind)
		}
		p, err := newPattern(item.text, true, variables)
		if err != nil {
			return nil, r.at(item, path, err)
		}
		if bucket != "" {
			inside, ok := strings.CutPrefix(item.text, resourcePrefix)
			name, _, _ := strings.Cut(inside, "/")
			within, err := newPattern(name, true, variables)
			if !ok || err != nil || !within.match(bucket, false, nil) {
				return nil, r.atf(item, path, "The policy of a bucket is about that bucket: write %q, and %q for its objects.", Resource(bucket, ""), Resource(bucket, "*"))
			}
		} else if item.text != "*" && !strings.HasPrefix(item.text, "arn:") {
			return nil, r.atf(item, path, "A resource is an ARN, such as %q, or \"*\".", Resource("BUCKET", "*"))
		}
		out = append(out, p)
	}
	return out, nil
}

// applies refuses actions for which the statement names no resource: on objects where
// it names the bucket only, and the other way round.
func (r *reader) applies(s *statement, n *node, path, bucket string) error {
	var reached level
	for _, p := range s.resources {
		if strings.Contains(p.source[len(resourcePrefix):], "/") {
			reached |= onObject
			continue
		}
		reached |= onBucket
		if strings.HasSuffix(p.source, "*") {
			reached |= onObject
		}
	}
	for i, p := range s.actions {
		if levels := levelsOf(p); levels&reached == 0 {
			want := Resource(bucket, "*")
			if levels&onBucket != 0 {
				want = Resource(bucket, "")
			}
			return r.atf(n.list()[i], path, "The action %s does not apply to any of the statement's resources. Add %q to them.", p.source, want)
		}
	}
	return nil
}
