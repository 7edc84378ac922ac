package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"testing"
)

// API is a signed-in client of the console API.
type API struct {
	base string
	http *http.Client
	csrf string
}

// APIError is an error as the API tells it.
type APIError struct {
	Status    int
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
	Fields    []struct{ Path, Message string }
}

func (e *APIError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Code, e.Message) }

// Login signs in.
func Login(tb testing.TB, base, name, password string) *API {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	a := &API{base: base, http: &http.Client{Jar: jar}}
	var session struct{ CSRF string }
	if err := a.Call(tb.Context(), "POST", "/api/v1/session", map[string]string{"name": name, "password": password}, &session); err != nil {
		tb.Fatalf("log in: %v", err)
	}
	a.csrf = session.CSRF
	return a
}

// Call sends body as JSON (an io.Reader as it is) and decodes the answer into
// out. An answer that is not 2xx is an *APIError.
func (a *API) Call(ctx context.Context, method, path string, body, out any) error {
	resp, err := a.Send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		e := &APIError{Status: resp.StatusCode}
		if err := json.Unmarshal(content, e); err != nil {
			e.Message = string(content)
		}
		return e
	}
	if out == nil || len(content) == 0 {
		return nil
	}
	if text, ok := out.(*string); ok {
		*text = string(content)
		return nil
	}
	return json.Unmarshal(content, out)
}

// Stream opens a stream of server-sent events.
func (a *API) Stream(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	return a.http.Do(req)
}

// Send sends one request with the session's cookie and CSRF token.
func (a *API) Send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	reader, raw := body.(io.Reader)
	if !raw && body != nil {
		content, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		reader = bytes.NewReader(content)
	}
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, reader)
	if err != nil {
		return nil, err
	}
	if !raw && body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("X-Croft-CSRF", a.csrf)
	return a.http.Do(req)
}

// Must is Call for what has to succeed.
func (a *API) Must(tb testing.TB, method, path string, body, out any) {
	tb.Helper()
	if err := a.Call(tb.Context(), method, path, body, out); err != nil {
		tb.Fatalf("%s %s: %v", method, path, err)
	}
}

// Refused is Call for what has to fail with a code.
func (a *API) Refused(tb testing.TB, status int, code, method, path string, body any) *APIError {
	tb.Helper()
	err := a.Call(tb.Context(), method, path, body, nil)
	var refusal *APIError
	if !errors.As(err, &refusal) {
		tb.Fatalf("%s %s: %v, want refusal %s", method, path, err, code)
	}
	if refusal.Status != status || refusal.Code != code {
		tb.Errorf("%s %s: refused with %v, want %d %s", method, path, refusal, status, code)
	}
	if refusal.Message == "" {
		tb.Errorf("%s %s: the refusal says nothing", method, path)
	}
	return refusal
}

// RunView is what a test reads of a run.
type RunView struct {
	Number int
	State  string
	Error  string
	Commit string
	Stages []struct {
		Name, State string
		Steps       []struct{ ID, Name, State, Error string }
	}
	Artifacts []struct{ Path, Bucket, Key string }
}

// Final reports whether the run has ended.
func (r RunView) Final() bool { return r.State != "queued" && r.State != "running" }

// Step finds a step by its name.
func (r RunView) Step(tb testing.TB, name string) (id, state string) {
	tb.Helper()
	for _, stage := range r.Stages {
		for _, step := range stage.Steps {
			if step.Name == name {
				return step.ID, step.State
			}
		}
	}
	tb.Fatalf("run %d has no step %q", r.Number, name)
	return "", ""
}
