package errs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"croft/internal/errs"
)

func TestKindOf(t *testing.T) {
	missing := errs.New(errs.NotFound, "run_not_found", "No such run.")
	f := func(err error, want errs.Kind) {
		t.Helper()
		if got := errs.KindOf(err); got != want {
			t.Errorf("KindOf(%v) = %s, want %s", err, got, want)
		}
	}
	f(missing, errs.NotFound)
	f(fmt.Errorf("open run: %w", missing), errs.NotFound)
	f(context.Canceled, errs.Canceled)
	f(errors.New("disk on fire"), errs.Internal)
}

func TestPublicHidesForeignErrors(t *testing.T) {
	code, msg := errs.Public(errors.New("UNIQUE constraint failed: users.name"))
	if code != "internal" || msg == "" {
		t.Errorf("Public = %q, %q", code, msg)
	}
	wrapped := errs.Wrap(errors.New("secret"), errs.Invalid, "bad_name", "Choose another name.")
	if code, msg = errs.Public(fmt.Errorf("create: %w", wrapped)); code != "bad_name" || msg != "Choose another name." {
		t.Errorf("Public = %q, %q", code, msg)
	}
}

func TestIsMatchesKindAndCode(t *testing.T) {
	a := errs.New(errs.NotFound, "no_such_key", "no key")
	b := errs.Newf(errs.NotFound, "no_such_key", "no key %q", "k")
	if !errors.Is(fmt.Errorf("get: %w", b), a) {
		t.Error("same kind and code did not match")
	}
	if errors.Is(b, errs.New(errs.NotFound, "no_such_bucket", "")) {
		t.Error("another code matched")
	}
}
