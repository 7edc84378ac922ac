package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"croft/account"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/objectstore/notification"
	"croft/server"
)

// withNotification adds the room. Nothing is delivered.
func withNotification(c *console, db *store.DB, deps *server.Deps) {
	keeper, _ := c.store.(notification.Keeper)
	deps.Notification = notification.New(notification.Deps{
		DB: db, Sealer: seal.New([32]byte{1}), Store: keeper, Announcer: notification.NewAnnouncer(), Log: deps.Log,
	}, notification.Config{})
}

// withoutNotification is the room of a store that is elsewhere.
func withoutNotification(_ *console, _ *store.DB, deps *server.Deps) {
	deps.Notification = notification.New(notification.Deps{Log: deps.Log}, notification.Config{})
}

func TestEventsOverTheAPI(t *testing.T) {
	c := newConsole(t, withNotification)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte("hello from the target"))
	}))
	t.Cleanup(target.Close)
	c.user("boss", true)
	for _, name := range []string{"ada", "max", "dev", "eve"} {
		c.user(name, false)
	}
	web := c.project("web", "ada", map[string]account.Role{"max": account.Maintainer, "dev": account.Developer})
	c.bucket("web-files", web.ID)
	c.bucket("croft-runs", "")
	max, dev, eve, boss := c.as("max"), c.as("dev"), c.as("eve"), c.as("boss")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was told %q", r.Header.Get("Authorization"))
	}))
	defer elsewhere.Close()
	const hooks, queues, events = "/api/v1/event-webhooks", "/api/v1/event-queues", "/api/v1/buckets/web-files/events"
	hook := `{"name":"ci","url":"` + target.URL + `/secret-path","token":"s3cret"}`
	const rule = `{"id":"images","target":"arn:croft:sqs::ci:webhook","events":["s3:ObjectCreated:*"],"prefix":"in/","suffix":".jpg"}`
	const other = `{"id":"images","target":"arn:croft:sqs::ci:webhook","events":["s3:ObjectRemoved:*"],"prefix":"","suffix":""}`
	c.run(t, []scenario{
		{name: "only administrators see webhooks", as: max, method: "GET", path: hooks, status: 403},
		{name: "or make them", as: max, method: "POST", path: hooks, body: hook, status: 403},
		{name: "or have Croft call anything", as: max, method: "POST", path: hooks + "/test", body: hook, status: 403},
		{name: "or change them", as: max, method: "PUT", path: hooks + "/ci", body: hook, status: 403},
		{name: "or remove them", as: max, method: "DELETE", path: hooks + "/ci", status: 403},
		{name: "no rule without its webhook", as: max, method: "POST", path: events, body: rule, status: 400, want: []string{`"notification_invalid"`, "There is no webhook ci."}},
		{name: "try before adding", as: boss, method: "POST", path: hooks + "/test", body: hook, status: 200, want: []string{`"taken":true`, "hello from the target"}},
		{name: "a webhook is an address", as: boss, method: "POST", path: hooks, body: `{"name":"ci","url":"file:///etc/passwd"}`, status: 400, want: []string{`"event_target_invalid"`}},
		{name: "no password in the address", as: boss, method: "POST", path: hooks, body: `{"name":"ci","url":"http://u:p@h/"}`, status: 400, want: []string{`"event_target_invalid"`}},
		{name: "add a webhook", as: boss, method: "POST", path: hooks, body: hook, status: 201, want: []string{`"target":"arn:croft:sqs::ci:webhook"`, `"hasToken":true`}, never: []string{"s3cret"}, audit: "boss add-event-webhook ci ok"},
		{name: "add it again", as: boss, method: "POST", path: hooks, body: hook, status: 409, want: []string{`"event_target_exists"`}},
		{name: "try it with its own token", as: boss, method: "POST", path: hooks + "/test", body: `{"name":"ci","url":"` + target.URL + `"}`, status: 200, want: []string{`"taken":true`}},
		{name: "try it without", as: boss, method: "POST", path: hooks + "/test", body: `{"name":"ci","url":"` + target.URL + `","token":""}`, status: 200, want: []string{`"taken":false`, `"status":401`}},
		{name: "none yet", as: dev, method: "GET", path: events, status: 200, want: []string{`"available":true`, `"rules":[]`, `"offered":[{"target":"arn:croft:sqs::ci:webhook","kind":"webhook","name":"ci"}]`}, never: []string{"secret-path"}},
		{name: "developers do not add", as: dev, method: "POST", path: events, body: rule, status: 403, want: []string{`"role_too_low"`}},
		{name: "outsiders do not see", as: eve, method: "GET", path: events, status: 404, want: []string{`"bucket_not_found"`}},
		{name: "Croft's own", as: boss, method: "POST", path: "/api/v1/buckets/croft-runs/events", body: rule, status: 403, want: []string{`"system_bucket"`}},
		{name: "add", as: max, method: "POST", path: events, body: rule, status: 201, want: []string{`"id":"images"`, `"suffix":".jpg"`, `"waiting":1`}, audit: "max add-event-rule web-files ok"},
		{name: "change", as: max, method: "PUT", path: events + "?rule=images", body: other, status: 200, want: []string{"s3:ObjectRemoved:*"}, never: []string{".jpg"}, audit: "max replace-event-rule web-files ok"},
		{name: "change none", as: max, method: "PUT", path: events + "?rule=none", body: other, status: 404, want: []string{`"notification_rule_not_found"`}},
		{name: "developers do not retry", as: dev, method: "POST", path: events + "/retry?target=arn:croft:sqs::ci:webhook", status: 403},
		{name: "retry", as: max, method: "POST", path: events + "/retry?target=arn:croft:sqs::ci:webhook", status: 204},
		{name: "a webhook in use stays", as: boss, method: "DELETE", path: hooks + "/ci", status: 409, want: []string{`"event_target_in_use"`, "web-files"}},
		{name: "its token is not tried elsewhere", as: boss, method: "POST", path: hooks + "/test", body: `{"name":"ci","url":"` + elsewhere.URL + `"}`, status: 400, want: []string{`"event_token_elsewhere"`}},
		{name: "nor does it follow", as: boss, method: "PUT", path: hooks + "/ci", body: `{"name":"ci","url":"` + elsewhere.URL + `"}`, status: 400, want: []string{`"event_token_elsewhere"`}},
		{name: "it stays at its host", as: boss, method: "PUT", path: hooks + "/ci", body: `{"name":"ci","url":"` + target.URL + `/another-path"}`, status: 200, want: []string{`"hasToken":true`, "another-path"}},
		{name: "change a webhook", as: boss, method: "PUT", path: hooks + "/ci", body: `{"name":"ci","url":"https://example.invalid/x","insecure":true,"token":"s3cret"}`, status: 200, want: []string{`"insecure":true`, `"hasToken":true`}, audit: "boss change-event-webhook ci ok"},
		{name: "remove", as: max, method: "DELETE", path: events + "?rule=images", status: 204, audit: "max remove-event-rule web-files ok"},
		{name: "what waits is seen", as: dev, method: "GET", path: events, status: 200, want: []string{`"rules":[]`, `"ruled":false`, `"waiting":1`}},
		{name: "developers do not discard", as: dev, method: "DELETE", path: events + "/waiting?target=arn:croft:sqs::ci:webhook", status: 403},
		{name: "only administrators see all queues", as: max, method: "GET", path: queues, status: 403},
		{name: "or retry them", as: max, method: "POST", path: queues + "/retry?queue=x", status: 403},
		{name: "or discard them", as: max, method: "DELETE", path: queues + "?queue=x", status: 403},
		{name: "all queues", as: boss, method: "GET", path: queues, status: 200, want: []string{`"bucket":"web-files"`, `"gone":false`, `"waiting":1`, `"unreadable":0`}, never: []string{"secret-path"}},
		{name: "discard what is no queue", as: boss, method: "DELETE", path: queues + "?queue=web-files", status: 400},
		{name: "retry what is no queue", as: boss, method: "POST", path: queues + "/retry?queue=web-files/arn:croft:room::project%3B0%3Bnew", status: 404, want: []string{`"event_queue_not_found"`}},
		{name: "discard", as: max, method: "DELETE", path: events + "/waiting?target=arn:croft:sqs::ci:webhook", status: 200, want: []string{`"events":1`}, audit: "max discard-events web-files ok"},
		{name: "another rule", as: max, method: "POST", path: events, body: rule, status: 201},
		{name: "objects go", as: max, method: "DELETE", path: "/api/v1/buckets/web-files", status: 204},
		{name: "what the bucket leaves", as: boss, method: "GET", path: queues, status: 200, want: []string{`"bucket":"web-files"`, `"gone":true`, `"waiting":1`}},
		{name: "keeps its webhook", as: boss, method: "DELETE", path: hooks + "/ci", status: 409, want: []string{`"event_target_in_use"`, "web-files"}},
	})
	var left struct {
		Items []struct{ Queue string }
	}
	if err := json.Unmarshal([]byte(boss.do("GET", queues, "").body), &left); err != nil {
		t.Fatal(err)
	}
	if len(left.Items) != 1 {
		t.Fatalf("%+v", left)
	}
	c.run(t, []scenario{
		{name: "retry it", as: boss, method: "POST", path: queues + "/retry?queue=" + url.QueryEscape(left.Items[0].Queue), status: 204},
		{name: "discard it", as: boss, method: "DELETE", path: queues + "?queue=" + url.QueryEscape(left.Items[0].Queue), status: 200, want: []string{`"events":1`}, audit: "boss discard-event-queue " + left.Items[0].Queue + " ok"},
		{name: "nothing is left", as: boss, method: "GET", path: queues, status: 200, want: []string{`"items":[]`}},
		{name: "remove the webhook", as: boss, method: "DELETE", path: hooks + "/ci", status: 204, audit: "boss remove-event-webhook ci ok"},
	})
}

func TestEventsElsewhere(t *testing.T) {
	c := newConsole(t, withoutNotification)
	c.user("ada", true)
	web := c.project("web", "ada", nil)
	c.bucket("web-files", web.ID)
	const events = "/api/v1/buckets/web-files/events"
	c.run(t, []scenario{
		{name: "unavailable", as: c.as("ada"), method: "GET", path: events, status: 200, want: []string{`"available":false`, `"rules":[]`}},
		{name: "refused", as: c.as("ada"), method: "POST", path: events, body: `{"id":"","target":"arn:croft:room::project","events":["s3:ObjectCreated:*"],"prefix":"","suffix":""}`, status: 400, want: []string{`"notification_unavailable"`}},
		{name: "no webhooks", as: c.as("ada"), method: "GET", path: "/api/v1/event-webhooks", status: 200, want: []string{`"items":[]`}},
		{name: "none to add", as: c.as("ada"), method: "POST", path: "/api/v1/event-webhooks", body: `{"name":"ci","url":"http://h"}`, status: 400, want: []string{`"notification_unavailable"`}},
	})
}
