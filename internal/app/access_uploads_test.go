package app

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"croft/account"
)

// TestWhoBeganAnUpload: whoever may begin an upload may also give it up and see its parts,
// whatever lets them write, and nobody else may by that.
func TestWhoBeganAnUpload(t *testing.T) {
	w := newAccessWorld(t)
	ctx := t.Context()
	role, err := w.accounts.CreateIAMRole(ctx, account.NewIAMRole{
		Name: "drop", MaxSession: time.Hour,
		Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["reader","stranger"]},"Action":"sts:AssumeRole"}]}`,
	})
	w.ok(err)
	w.ok(w.accounts.PutInlinePolicy(ctx, account.Holder{Kind: account.RoleHolder, ID: role.ID}, "p", allowing("Allow", "s3:PutObject", anything)))
	for session, name := range map[string]string{"dropper": "one", "dropper again": "one", "another": "two"} {
		_, _, text := w.call("reader", "sts", "AssumeRole", formOf("RoleArn", account.IAMARN("role", "drop"), "RoleSessionName", name))
		w.adopt(session, text)
	}
	_, _, text := w.call("stranger", "sts", "GetSessionToken", nil)
	w.adopt("stranger for now", text)

	const writes = `{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::web-data/in/*"}`
	of := func(id string) url.Values { return url.Values{"uploadId": {id}} }
	begin := func(user string) string {
		t.Helper()
		status, code, text := w.ask(user, http.MethodPost, "web-data", "in/a", url.Values{"uploads": {""}}, "")
		_, id, _ := strings.Cut(text, "<UploadId>")
		if id, _, _ = strings.Cut(id, "</UploadId>"); status != 200 || id == "" {
			t.Fatalf("%q begins an upload: %d %s", user, status, code)
		}
		return id
	}
	abort := func(what string, status int, user, id string) {
		t.Helper()
		list, none := 200, ""
		if status == 403 {
			list, none = 403, "AccessDenied"
		}
		w.want(what+" lists parts", list, none, user, get, "web-data", "in/a", of(id), "")
		w.want(what+" aborts", status, none, user, http.MethodDelete, "web-data", "in/a", of(id), "")
	}

	w.policy(writes)
	for _, c := range []struct{ who, good, bad string }{
		{"stranger", "stranger", "dropper"},
		{"stranger", "stranger for now", "another"},
		{"stranger for now", "stranger", "limited"},
		{"stranger", "stranger", ""},
		{"dropper", "dropper again", "another"},
		{"dropper", "dropper", "stranger"},
		{"", "writer", ""}, // who may by the role in the project
	} {
		id := begin(c.who)
		abort(c.bad+", of what "+c.who+" began,", 403, c.bad, id)
		abort(c.good, 204, c.good, id)
	}

	w.want("one that is not there", 403, "AccessDenied", "stranger", http.MethodDelete, "web-data", "in/a", of("none"), "")
	id := begin("stranger")
	w.want("by a link, which only reads,", 403, "AccessDenied", "share", http.MethodDelete, "web-data", "in/a", of(id), "")
	w.want("under another key", 403, "AccessDenied", "stranger", http.MethodDelete, "web-data", "in/b", of(id), "")
	w.policy(writes, `{"Effect":"Deny","Principal":"*","Action":["s3:AbortMultipartUpload","s3:ListMultipartUploadParts"],"Resource":"arn:aws:s3:::web-data/*"}`)
	abort("who is denied it", 403, "stranger", id)

	w.policy()
	w.want("a part, of who may not write any more", 403, "AccessDenied", "stranger", put, "web-data", "in/a", url.Values{"uploadId": {id}, "partNumber": {"1"}}, "x")
	if who := initiator(account.Principal{Role: account.WebIdentityRole, RoleID: account.WebIdentityRole, Session: "kim"}); who != "" {
		t.Errorf("sessions that share an ID are %q", who)
	}
	w.policy(writes)
	listing := url.Values{"uploads": {""}}
	w.want("the uploads of all", 403, "AccessDenied", "stranger", get, "web-data", "", listing, "")
	w.want("what it began, written by another", 200, "", "writer", put, "web-data", "in/a", url.Values{"uploadId": {id}, "partNumber": {"1"}}, "x")
	initiator := "<Initiator><ID>arn:aws:iam::000000000000:user/stranger</ID><DisplayName>stranger</DisplayName></Initiator>"
	for what, key := range map[string]string{"ListMultipartUploads": "", "ListParts": "in/a"} {
		query := listing
		if key != "" {
			query = of(id)
		}
		if _, _, text := w.ask("reader", get, "web-data", key, query, ""); !contains(text, initiator, "<Owner><ID>croft</ID>") {
			t.Errorf("%s: %s", what, text)
		}
	}
}
