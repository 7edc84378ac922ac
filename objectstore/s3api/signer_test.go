package s3api

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// Keys are remembered once they have verified a request, and never for another
// secret, day or region.
func TestSigningKeysAreRememberedWhenVerified(t *testing.T) {
	f := start(t).bucket("bucket")
	h := f.handler
	r := f.sign(f.request("PUT", "/bucket/key", "x"), "x")
	r.Header.Set("Authorization", r.Header.Get("Authorization")[:len(r.Header.Get("Authorization"))-1]+"z")
	f.do(r)
	f.do(signAs(f.request("PUT", "/bucket/key", "x"), "x", testKey, "another secret", f.now()))
	if n := len(h.signers.known); n != 0 {
		t.Errorf("%d keys are remembered of requests that were refused", n)
	}
	for range 3 {
		if a := f.call("PUT", "/bucket/key", "x"); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if n := len(h.signers.known); n != 1 {
		t.Errorf("%d keys are remembered", n)
	}
	if a := f.do(signAs(f.request("PUT", "/bucket/key", "x"), "x", testKey, "another secret", f.now())); a.code() != "SignatureDoesNotMatch" {
		t.Errorf("with another secret: %d %s", a.status, a.body)
	}
}

func TestSigningKeysAreBounded(t *testing.T) {
	var s signers
	for i := range maxSigners + 10 {
		s.remember(signerName{"secret", "20261122", fmt.Sprint(i), serviceS3}, newSigner("secret", "20261122", fmt.Sprint(i)))
	}
	if n := len(s.known); n == 0 || n > maxSigners {
		t.Errorf("%d keys are remembered", n)
	}
}

// A signer that is used by many at once signs as one that is used once.
func TestSignersAreShared(t *testing.T) {
	shared := newSigner("secret", "20261122", "us-east-1")
	done := make(chan error)
	for i := range 8 {
		go func() {
			for j := range 500 {
				text := fmt.Appendf(nil, "%d %d", i, j)
				alone := newSigner("secret", "20261122", "us-east-1").sum(append([]byte(nil), text...))
				if got := shared.sum(text); got != alone {
					done <- fmt.Errorf("%d %d: %s, want %s", i, j, &got, &alone)
					return
				}
			}
			done <- nil
		}()
	}
	for range 8 {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("no end")
		}
	}
}

// What nobody asks for is not hashed.
func TestBodiesAreHashedOnlyWhereAsked(t *testing.T) {
	for payload, want := range map[string]bool{unsignedPayload: false, emptySHA256: true} {
		q := &request{r: &http.Request{Header: http.Header{}, Body: http.NoBody}, op: &operation{}, payload: payload}
		b, err := newBody(q)
		if err != nil || (b.sha != nil) != want || b.hash != nil || b.md5 != "" {
			t.Errorf("%s: %+v, %v", payload, b, err)
		}
	}
}
