package masterkey

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"croft/internal/errs"
	"croft/internal/seal"
)

// command is a program and its arguments that encrypts and decrypts; empty is none.
type command []string

const (
	commandTime   = 30 * time.Second
	commandOutput = 64 << 10
)

// wrap encrypts a key, and makes sure that it can be decrypted again.
func (c command) wrap(ctx context.Context, raw [seal.KeySize]byte) ([]byte, error) {
	wrapped, err := c.run(ctx, "encrypt", raw[:])
	if err != nil {
		return nil, err
	}
	if len(wrapped) == 0 || bytes.Contains(wrapped, raw[:]) {
		return nil, commandError(errors.New("it does not encrypt what it is given"))
	}
	again, err := c.unwrap(ctx, wrapped)
	if err != nil {
		return nil, err
	}
	if again != raw {
		return nil, commandError(errors.New("it does not decrypt what it has encrypted"))
	}
	return wrapped, nil
}

// unwrap decrypts a key.
func (c command) unwrap(ctx context.Context, wrapped []byte) (raw [seal.KeySize]byte, err error) {
	if len(c) == 0 {
		return raw, errs.New(ErrMissing.Kind, ErrMissing.Code,
			"This is encrypted under a master key that only a key command can open. Set CROFT_KMS_COMMAND as it was.")
	}
	out, err := c.run(ctx, "decrypt", wrapped)
	if err != nil {
		return raw, err
	}
	if len(out) == seal.KeySize+1 { // programs like to end what they print
		out = bytes.TrimSuffix(out, []byte("\n"))
	}
	if len(out) != seal.KeySize {
		return raw, commandError(fmt.Errorf("it decrypts a key of %d bytes to %d", seal.KeySize, len(out)))
	}
	return [seal.KeySize]byte(out), nil
}

// run gives the program bytes and returns what it makes of them.
func (c command) run(ctx context.Context, verb string, in []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, c[0], append(append([]string(nil), c[1:]...), verb)...)
	cmd.WaitDelay = time.Second // for children that keep the pipes open
	out, complaints := limited{most: commandOutput, strict: true}, limited{most: 300}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &complaints
	if err := cmd.Run(); err != nil {
		return nil, commandError(fmt.Errorf("%s %s: %w: %s", c[0], verb, err, bytes.TrimSpace(complaints.b)))
	}
	return out.b, nil
}

func commandError(cause error) error {
	return errs.Wrap(cause, ErrCommand.Kind, ErrCommand.Code, ErrCommand.Message)
}

// limited keeps the first bytes of what is written to it, and ends a writer of more
// when it is strict.
type limited struct {
	b      []byte
	most   int
	strict bool
}

var errTooMuch = errors.New("too much comes out")

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.most-len(l.b))
	l.b = append(l.b, p[:n]...)
	if l.strict && n < len(p) {
		return n, errTooMuch
	}
	return len(p), nil
}
