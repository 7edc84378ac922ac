//go:build unix

package pipeline_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/pipeline"
)

const pushBody = `{"ref":"refs/heads/feature/x","after":"1111111111111111111111111111111111111111",
"head_commit":{"id":"1111111111111111111111111111111111111111","message":"Do it\n\nbody","author":{"name":"Ada"}}}`

func sign(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestWebhook(t *testing.T) {
	w := newWorld(t)
	r := w.open()
	repo, secret, err := r.AddRepository(t.Context(), pipeline.NewRepository{ProjectID: "p1", Name: "app", CloneURL: "https://git.example.com/app.git"})
	if err != nil {
		t.Fatal(err)
	}
	number := int64(0)
	const nothing = "nothing"
	f := func(name string, hook pipeline.Webhook, body, want string) {
		t.Helper()
		run, err := r.HandleWebhook(t.Context(), repo.ID, hook, []byte(body))
		code, _ := errs.Public(err)
		switch {
		case err != nil:
			if code != want {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		case run == nil:
			if want != nothing {
				t.Errorf("%s: nothing, want %s", name, want)
			}
		default:
			number++
			if got := run.Branch + " " + run.Commit + " " + run.CommitMessage + " " + run.Author; got != want || run.Number != number || run.Trigger != pipeline.TriggerWebhook {
				t.Errorf("%s: run %d %q, want %d %q", name, run.Number, got, number, want)
			}
		}
	}
	pushed := "feature/x " + strings.Repeat("1", 40) + " Do it Ada"
	form := "payload=" + url.QueryEscape(pushBody)
	f("GitHub", pipeline.Webhook{Event: "push", Signature256: "sha256=" + sign(secret, pushBody)}, pushBody, pushed)
	f("GitHub form", pipeline.Webhook{Event: "push", Signature256: "sha256=" + sign(secret, form)}, form, pushed)
	f("Gitea", pipeline.Webhook{Event: "push", Signature256: sign(secret, pushBody)}, pushBody, pushed)
	f("GitLab", pipeline.Webhook{Event: "Push Hook", GitlabToken: secret}, `{"ref":"refs/heads/main","after":"2222222222222222222222222222222222222222","commits":[{"id":"2222222222222222222222222222222222222222","message":"m","author":{"name":"Bo"}}]}`,
		"main "+strings.Repeat("2", 40)+" m Bo")
	f("own, empty", pipeline.Webhook{Bearer: secret}, "", "main   ")
	f("own, empty object", pipeline.Webhook{Bearer: secret}, "{}", "main   ")
	f("own, signed", pipeline.Webhook{Signature256: "sha256=" + sign(secret, "")}, "", "main   ")

	f("ping", pipeline.Webhook{Event: "ping", Bearer: secret}, `{"zen":"x"}`, nothing)
	f("issue", pipeline.Webhook{Event: "issues", Bearer: secret}, pushBody, nothing)
	f("tag", pipeline.Webhook{Event: "push", Bearer: secret}, `{"ref":"refs/tags/v1","after":"1111111111111111111111111111111111111111"}`, nothing)
	f("deleted", pipeline.Webhook{Event: "push", Bearer: secret}, `{"ref":"refs/heads/main","deleted":true}`, nothing)
	f("deleted by zeros", pipeline.Webhook{Event: "push", Bearer: secret}, `{"ref":"refs/heads/main","after":"0000000000000000000000000000000000000000"}`, nothing)

	f("no proof", pipeline.Webhook{Event: "push"}, pushBody, "webhook_denied")
	f("wrong secret", pipeline.Webhook{Event: "push", Bearer: secret + "x"}, pushBody, "webhook_denied")
	f("wrong signature", pipeline.Webhook{Event: "push", Signature256: "sha256=" + sign("other", pushBody)}, pushBody, "webhook_denied")
	f("signature of another body", pipeline.Webhook{Event: "push", Signature256: "sha256=" + sign(secret, "{}")}, pushBody, "webhook_denied")
	f("one right, one wrong", pipeline.Webhook{Bearer: secret, GitlabToken: "x"}, pushBody, "webhook_denied")
	f("wrong secret for a ping", pipeline.Webhook{Event: "ping", Bearer: "x"}, "", "webhook_denied")
	f("not JSON", pipeline.Webhook{Event: "push", Bearer: secret}, "hello", "webhook_invalid")
	f("no ref", pipeline.Webhook{Event: "push", Bearer: secret}, "{}", "webhook_invalid")
	f("bad branch", pipeline.Webhook{Event: "push", Bearer: secret}, `{"ref":"refs/heads/a..b"}`, "branch_invalid")
	f("bad commit", pipeline.Webhook{Event: "push", Bearer: secret}, `{"ref":"refs/heads/a","after":"--upload-pack=x"}`, "commit_invalid")
	f("too large", pipeline.Webhook{Bearer: secret}, strings.Repeat(" ", pipeline.MaxWebhookBytes+1), "webhook_too_large")
	if _, err := r.HandleWebhook(t.Context(), "nobody", pipeline.Webhook{Bearer: secret}, nil); errs.KindOf(err) != errs.Unauthenticated {
		t.Errorf("unknown repository: %v", err)
	}

	once := pipeline.Webhook{Event: "push", Bearer: secret, DeliveryID: "d1"}
	f("first delivery", once, pushBody, pushed)
	number--
	f("second delivery", once, pushBody, pushed)
	once.DeliveryID = "d2"
	f("another delivery", once, pushBody, pushed)

	rotated, err := r.RotateWebhookSecret(t.Context(), "p1", "app")
	if err != nil || rotated == secret {
		t.Fatal(rotated, err)
	}
	f("old secret", pipeline.Webhook{Bearer: secret}, "", "webhook_denied")
	f("new secret", pipeline.Webhook{Bearer: rotated}, "", "main   ")

	w.executor.setAway(true)
	f("no engine", pipeline.Webhook{Bearer: rotated}, "", "engine_unavailable")
}
