package server

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"croft/account"
	"croft/pipeline"
)

func hookOp() huma.Operation {
	return huma.Operation{
		OperationID: "receive-webhook", Method: http.MethodPost, Path: "/hooks/{id}", Summary: "A push of GitHub, Gitea, GitLab or one's own",
		Tags: []string{"pipelines"}, MaxBodyBytes: pipeline.MaxWebhookBytes,
		Responses: map[string]*huma.Response{"202": {Description: "A run was started"}, "204": {Description: "Nothing to do"}},
	}
}

// HookAnswer tells the sender which run it started.
type HookAnswer struct {
	Run int64 `json:"run"`
}

// hook takes a push. Its sender is nobody we know: the secret is the credential.
func (p pipelineAPI) hook(w http.ResponseWriter, r *http.Request, params Params) error {
	hook := pipeline.Webhook{
		Event:        header(r, "X-GitHub-Event", "X-Gitea-Event", "X-Gogs-Event", "X-Gitlab-Event", "X-Gitee-Event"),
		Signature256: header(r, "X-Hub-Signature-256", "X-Croft-Signature", "X-Gitea-Signature", "X-Gogs-Signature"),
		GitlabToken:  header(r, "X-Gitlab-Token", "X-Gitee-Token"),
		Bearer:       bearer(r),
		DeliveryID:   header(r, "X-GitHub-Delivery", "X-Gitea-Delivery", "X-Gogs-Delivery", "Idempotency-Key", "X-Gitlab-Event-UUID", "X-Croft-Delivery"),
	}
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	run, err := p.pipelines.HandleWebhook(r.Context(), params.Param("id"), hook, content)
	if err != nil {
		return err
	}
	note := auditing(r.Context())
	note.ActorName = "webhook"
	if run == nil {
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	note.ProjectID, note.Detail = run.ProjectID, fmt.Sprintf("%s, run %d", run.Repository, run.Number)
	return writeJSON(w, http.StatusAccepted, HookAnswer{run.Number})
}

// header is the first of the headers that is set.
func header(r *http.Request, names ...string) string {
	for _, name := range names {
		if value := r.Header.Get(name); value != "" {
			return value
		}
	}
	return ""
}

// bearer is a bearer secret that is not one of our own tokens.
func bearer(r *http.Request) string {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || account.PrincipalFrom(r.Context()).Via == account.ViaToken {
		return ""
	}
	return secret
}
