package pipeline

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"

	"croft/internal/errs"
)

// MaxWebhookBytes is how long a webhook's body may be.
const MaxWebhookBytes = 1 << 20

// Webhook is what the headers of a delivery say, whoever sends it.
type Webhook struct {
	Event        string // X-GitHub-Event, X-Gitea-Event, X-Gitlab-Event; empty for Croft's own
	Signature256 string // HMAC-SHA256 of the body in hexadecimal, with or without "sha256="
	GitlabToken  string
	Bearer       string
	DeliveryID   string
}

var errWebhookDenied = errs.New(errs.Unauthenticated, "webhook_denied", "The webhook's secret or signature is missing or wrong.")

// HandleWebhook starts a run for a push. It returns nil without an error when the
// delivery is genuine but nothing is to be done: another event, a tag, a deleted
// branch. An unknown repository answers like a wrong secret.
func (s *Service) HandleWebhook(ctx context.Context, repositoryID string, hook Webhook, body []byte) (*Run, error) {
	if len(body) > MaxWebhookBytes {
		return nil, errs.New(errs.TooLarge, "webhook_too_large", "The webhook's body is larger than 1 MiB.")
	}
	repository, err := findRepository(s.db.Read(ctx), "id = ?", repositoryID)
	if errors.Is(err, errRepositoryNotFound) {
		return nil, errWebhookDenied
	}
	if err != nil {
		return nil, err
	}
	secret, err := s.sealer.Open(webhookPurpose(repository.ID), repository.WebhookSecret)
	if err != nil {
		return nil, errs.Wrap(err, errs.Internal, "secret_unreadable", "The webhook's secret cannot be decrypted with this instance's key.")
	}
	if !hook.genuine(secret, body) {
		return nil, errWebhookDenied
	}
	request, wanted, err := hook.request(body)
	if err != nil || !wanted {
		return nil, err
	}
	run, err := s.Trigger(ctx, repository.ID, request)
	if err != nil {
		return nil, err
	}
	return &run, nil
}

// genuine asks for one right proof, and for no wrong one beside it.
func (h Webhook) genuine(secret, body []byte) bool {
	given, right := 0, 0
	check := func(proof, want string) {
		if proof != "" {
			given++
			right += subtle.ConstantTimeCompare([]byte(proof), []byte(want))
		}
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	check(strings.TrimPrefix(h.Signature256, "sha256="), hex.EncodeToString(mac.Sum(nil)))
	check(h.GitlabToken, string(secret))
	check(h.Bearer, string(secret))
	return given > 0 && right == given
}

// push is the part of a push that GitHub, Gitea, Gogs and GitLab agree on.
type push struct {
	Ref        string       `json:"ref"`
	After      string       `json:"after"`
	Deleted    bool         `json:"deleted"`
	HeadCommit pushCommit   `json:"head_commit"`
	Commits    []pushCommit `json:"commits"`
}

type pushCommit struct {
	ID      string `json:"id"`
	Message string `json:"message"`
	Author  struct {
		Name string `json:"name"`
	} `json:"author"`
}

func (h Webhook) request(body []byte) (_ TriggerRequest, wanted bool, err error) {
	request := TriggerRequest{Kind: TriggerWebhook, DeliveryID: h.DeliveryID}
	if len(h.DeliveryID) > 200 {
		return request, false, errs.New(errs.Invalid, "webhook_invalid", "The delivery's ID is longer than 200 bytes.")
	}
	switch h.Event {
	case "", "push", "Push Hook":
	default:
		return request, false, nil
	}
	// GitHub's default content type is a form with one field.
	if form, ok := strings.CutPrefix(string(body), "payload="); ok {
		payload, err := url.QueryUnescape(form)
		if err != nil {
			return request, false, errs.Wrap(err, errs.Invalid, "webhook_invalid", "The webhook's form cannot be read.")
		}
		body = []byte(payload)
	}
	if len(body) == 0 && h.Event == "" {
		return request, true, nil
	}
	var p push
	if err := json.Unmarshal(body, &p); err != nil {
		return request, false, errs.Wrap(err, errs.Invalid, "webhook_invalid", "The webhook's body is not the JSON of a push.")
	}
	if p.Ref == "" && h.Event == "" {
		return request, true, nil
	}
	branch, isBranch := strings.CutPrefix(p.Ref, "refs/heads/")
	if p.Ref == "" {
		return request, false, errs.New(errs.Invalid, "webhook_invalid", `The webhook's body has no "ref".`)
	}
	if !isBranch || p.Deleted || p.After != "" && strings.Trim(p.After, "0") == "" {
		return request, false, nil
	}
	request.Branch, request.Commit = branch, p.After
	for _, c := range append(p.Commits, p.HeadCommit) {
		if c.ID != "" && c.ID == p.After {
			request.CommitMessage, request.Author = c.Message, c.Author.Name
		}
	}
	return request, true, nil
}
