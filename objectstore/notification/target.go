package notification

import (
	"regexp"
	"strings"
)

// Kind is what sort of target it is.
type Kind string

// The kinds of targets.
const (
	Webhook  Kind = "webhook"  // of the whole Croft; administrators make them
	Pipeline Kind = "pipeline" // of the bucket's project
	Room     Kind = "room"     // the room of the bucket's project
)

// Target is where events go.
type Target struct {
	Kind   Kind
	Name   string // the webhook's, or the repository's
	Branch string // of a pipeline; empty is the repository's own
}

// ARN is what a rule names the target by.
func (t Target) ARN() string {
	switch {
	case t.Kind == Webhook:
		return "arn:croft:sqs::" + t.Name + ":webhook"
	case t.Kind == Room:
		return "arn:croft:room::project"
	case t.Branch != "":
		return "arn:croft:pipeline::" + t.Name + ":" + t.Branch
	}
	return "arn:croft:pipeline::" + t.Name
}

// maxARN bounds an ARN, in bytes.
const maxARN = 400

var webhookName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// ParseTarget reads an ARN: Croft's own, or MinIO's of a webhook, whose region is not
// looked at. Those of pipelines and rooms may end in a colon: mc takes none of five parts.
func ParseTarget(arn string) (Target, error) {
	p := strings.SplitN(arn, ":", 6)
	ours := len(arn) <= maxARN && len(p) >= 5 && p[0] == "arn" && p[1] == "croft"
	switch {
	case len(arn) > maxARN || strings.ContainsRune(arn, 0):
	case len(p) == 6 && p[0] == "arn" && (ours || p[1] == "minio") && p[2] == "sqs" && p[5] == "webhook" && webhookName.MatchString(p[4]):
		return Target{Kind: Webhook, Name: p[4]}, nil
	case ours && p[2] == "pipeline" && p[3] == "" && p[4] != "":
		t := Target{Kind: Pipeline, Name: p[4]}
		if len(p) == 6 {
			t.Branch = p[5]
		}
		return t, nil
	case ours && p[2] == "room" && p[3] == "" && p[4] == "project" && (len(p) == 5 || p[5] == ""):
		return Target{Kind: Room}, nil
	}
	return Target{}, invalid("%s is no target of this Croft. There are arn:croft:sqs::NAME:webhook for a webhook that an administrator made, "+
		"arn:croft:pipeline::REPOSITORY and arn:croft:pipeline::REPOSITORY:BRANCH for a pipeline of the bucket's project, and arn:croft:room::project for its room.", clip(arn))
}
