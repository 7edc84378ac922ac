package webdav

import (
	"context"
	"errors"
	"testing"
	"time"

	"golang.org/x/net/webdav"
)

// TestRequestsTakeTurns: package webdav locks where a request writes. Another request waits
// for that; for what a client locked it does not.
func TestRequestsTakeTurns(t *testing.T) {
	l := newLocks()
	one, other := conditions{locks: l, ctx: t.Context()}, conditions{locks: l, ctx: t.Context()}
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
