package app_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"croft/chat"
)

// TestChatKeepsFiles posts a file on a fresh start and reads it back: in the room,
// and not as an object, which would show administrators the files of direct rooms.
func TestChatKeepsFiles(t *testing.T) {
	c := config(t.TempDir())
	c.RootUser, c.RootPassword = "operator", "a long enough secret"
	console, _ := start(t, c).addresses()
	var cookie, csrf string
	send := func(method, path, contentType, body string) (int, *http.Response, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+console+"/api/v1"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Set("Cookie", cookie)
		r.Header.Set("X-Croft-Csrf", csrf)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		content, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer, string(content)
	}
	code, answer, body := send("POST", "/session", "application/json", `{"name":"operator","password":"a long enough secret"}`)
	var session struct{ CSRF string }
	if err := json.Unmarshal([]byte(body), &session); code != 200 || err != nil {
		t.Fatalf("log-in: %d %s", code, body)
	}
	csrf = session.CSRF
	cookie, _, _ = strings.Cut(answer.Header.Get("Set-Cookie"), ";")

	code, _, body = send("POST", "/chat/rooms/all/files?name=hello.txt&clientId=one", "text/plain", "hello")
	var message struct{ File struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &message); code != 200 || err != nil {
		t.Fatalf("post: %d %s", code, body)
	}
	if code, _, body = send("GET", "/chat/files/"+message.File.ID, "", ""); code != 200 || body != "hello" {
		t.Errorf("read back: %d %q", code, body)
	}
	if code, _, body = send("GET", "/buckets/"+chat.Bucket+"/objects", "", ""); code != 404 {
		t.Errorf("as objects: %d %s", code, body)
	}
}
