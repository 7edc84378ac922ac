package webdav

import (
	"context"
	"errors"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/webdav"
)

// TestRequestsTakeTurns: package webdav locks where a request writes. Another request waits
// for that; for what a client locked it does not.
func TestRequestsTakeTurns(t *testing.T) {
	l := newLocks()
	asks := &session{accessKey: "AKIAWRITE", r: httptest.NewRequest("PUT", Prefix+"/files/a", nil)}
	one, other := conditions{l, t.Context(), asks}, conditions{l, t.Context(), asks}
	request := webdav.LockDetails{Root: "/files/a", Duration: -1, ZeroDepth: true}
	first, err := one.Create(time.Now(), request)
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() {
		token, err := other.Create(time.Now(), request)
		if err == nil {
			err = other.Unlock(time.Now(), token)
		}
		second <- err
	}()
	select {
	case err := <-second:
		t.Fatalf("the second did not wait: %v", err)
	case <-time.After(20 * time.Millisecond): // that it waits can only be seen by waiting
	}
	if err := one.Unlock(time.Now(), first); err != nil {
		t.Fatal(err)
	}
	if err := <-second; err != nil {
		t.Fatal(err)
	}
	if len(l.turns) > 0 || len(l.names) > 0 {
		t.Errorf("%d turns and %d names stay", len(l.turns), len(l.names))
	}

	client := webdav.LockDetails{Root: "/files/b", Duration: time.Hour, OwnerXML: "ada"}
	if _, err := one.Create(time.Now(), client); err != nil {
		t.Fatal(err)
	}
	request.Root = client.Root
	if _, err := other.Create(time.Now(), request); !errors.Is(err, webdav.ErrLocked) {
		t.Errorf("what a client locked: %v", err)
	}

	request.Root = "/files/c"
	if _, err := one.Create(time.Now(), request); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	other.ctx = gone
	if _, err := other.Create(time.Now(), request); !errors.Is(err, webdav.ErrLocked) {
		t.Errorf("whose client has gone: %v", err)
	}
}

// TestLongRequest: the lock of a request stays as long as the request, however long that is.
func TestLongRequest(t *testing.T) {
	l := newLocks()
	request := webdav.LockDetails{Root: "/files/a", Duration: -1, ZeroDepth: true}
	token, _, err := l.try(time.Now(), request)
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(100 * time.Hour)
	if _, gone, err := l.try(later, webdav.LockDetails{Root: "/files/a/", Duration: -1, ZeroDepth: true}); !errors.Is(err, webdav.ErrLocked) || gone == nil {
		t.Errorf("another writes there, too: %v", err)
	}
	if err := l.Unlock(later, token); err != nil {
		t.Error(err)
	}
}

const lockBody = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype><owner>ada</owner></lockinfo>`

// TestWhoseLock: a lock is its client's, where it is, and there are not too many.
func TestWhoseLock(t *testing.T) {
	p := start(t)
	base := Prefix + "/files"
	p.put("k", "k")
	p.put("other", "k")
	token := p.is(200, p.do("LOCK", base+"/k", lockBody)).Header.Get("Lock-Token")
	if !regexp.MustCompile(`^<opaquelocktoken:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}>$`).MatchString(token) {
		t.Errorf("the token is %s", token)
	}
	p.is(409, p.do("UNLOCK", base+"/other", "", "Lock-Token", token))
	reader := func(method, path, body string, pairs ...string) result {
		r := httptest.NewRequest(method, p.url+path, strings.NewReader(body))
		r.RequestURI = ""
		r.SetBasicAuth("AKIAREAD", secretKey)
		for i := 0; i < len(pairs); i += 2 {
			r.Header.Set(pairs[i], pairs[i+1])
		}
		return p.send(r)
	}
	p.is(403, reader("UNLOCK", base+"/k", "", "Lock-Token", token))
	p.is(423, p.do("PUT", base+"/k", "x"))
	for seconds := range time.Duration(60) { // the lock system counts from when it was made
		guess := "<" + strconv.FormatInt(time.Now().Add(-seconds*time.Second).Unix()+1, 10) + ">"
		p.is(409, p.do("UNLOCK", base+"/k", "", "Lock-Token", guess))
		p.is(412, p.do("PUT", base+"/k", "x", "If", "("+guess+")"))
	}
	p.is(200, p.do("LOCK", base+"/k", "", "If", "("+token+")", "Timeout", "Second-60"))
	p.is(412, p.do("LOCK", base+"/other", "", "If", "("+token+")"))
	p.is(201, p.do("PUT", base+"/k", "x", "If", "("+token+")"))
	p.is(204, p.do("UNLOCK", base+"/k", "", "Lock-Token", token))
	p.is(201, p.do("PUT", base+"/k", "y"))
	p.is(400, p.do("LOCK", base+"/k", strings.Replace(lockBody, "ada", strings.Repeat("a", maxLock), 1)))
	p.is(400, p.do("PROPFIND", base+"/", `<propfind xmlns="DAV:"><prop>`+strings.Repeat("<a/>", maxQuestion/4)+"</prop></propfind>", "Depth", "0"))
}

// TestTooManyLocks: locks are in memory, so there are only so many, until they end.
func TestTooManyLocks(t *testing.T) {
	l := newLocks()
	now := time.Now()
	lend := func(key string, i int, now time.Time) string {
		t.Helper()
		token, err := l.lend(now, webdav.LockDetails{Root: "/files/" + key + string(rune(i+1000)), Duration: time.Hour, OwnerXML: "x"}, key)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	for key := range maxLocks / maxLocksOfKey {
		name := string(rune('a' + key))
		for i := range maxLocksOfKey {
			if lend(name, i, now) == "" {
				t.Fatalf("lock %d of %s is too many", i, name)
			}
		}
		if lend(name, maxLocksOfKey, now) != "" {
			t.Fatalf("%s has one too many", name)
		}
	}
	if lend("z", 0, now) != "" {
		t.Error("there is one too many")
	}
	if later := now.Add(time.Hour); lend("z", 1, later) == "" || len(l.lent) != 1 || len(l.count) != 1 {
		t.Errorf("%d are remembered of an hour ago, of %d keys", len(l.lent), len(l.count))
	}
}
