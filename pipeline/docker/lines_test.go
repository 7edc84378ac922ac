package docker

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestLinesAreWholeHoweverTheyArrive(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	f := func(name, in, want string, secrets ...string) {
		t.Run(name, func(t *testing.T) {
			for _, piece := range []int{1, 7, 4096, len(in) + 1} {
				if piece == 1 && len(in) > 1000 {
					continue
				}
				sink := newRecorder()
				out := newOutput(sink, secrets, time.Now)
				for rest := []byte(in); len(rest) > 0; {
					n := min(piece, len(rest))
					if _, err := out.stdout.Write(bytes.Clone(rest[:n])); err != nil {
						t.Fatal(err)
					}
					rest = rest[n:]
				}
				for _, w := range sink.writes {
					if !strings.HasSuffix(w, "\n") {
						t.Errorf("in pieces of %d: wrote %.40q before the end of the line", piece, w)
					}
				}
				out.flush()
				if got := sink.stdout(); got != want {
					t.Errorf("in pieces of %d: got %.200q (%d), want %.200q (%d)", piece, got, len(got), want, len(want))
				}
			}
		})
	}
	f("plain", "one\ntwo\n\nthree", "one\ntwo\n\nthree")
	f("crlf", "one\r\ntwo\r\n", "one\ntwo\n")
	f("lone cr", "10%\r20%\n", "10%\r20%\n")
	f("secret", "the password is hunter2.\n", "the password is ***.\n", "hunter2")
	f("secret in the last piece", "x hunter2", "x ***", "hunter2")
	f("secrets overlap", "abcdef ab\n", "***f ***\n", "abc", "cde", "ab")
	f("secret of several lines", "-----KEY-----\nc2VjcmV0\n}\n-----END-----\nc2VjcmV0", "***\n***\n}\n***\n***",
		"-----KEY-----\r\nc2VjcmV0\r\n}\n-----END-----\n")
	f("empty secret", "text\n", "text\n", "", " \n")
	f("as long as it may be", long+"\n", long+"\n")
	f("too long", long+"y\nz\n", long+"\ny\nz\n")
	f("too long and never ended", long+long+"y", long+"\n"+long+"\ny")
	f("character on the border", long[:maxLine-1]+"é\n", long[:maxLine-1]+"\né\n")
	f("secret on the border", long[:maxLine-3]+"hunter2yy\n", long[:maxLine-3]+"***\nyy\n", "hunter2")
	f("secret after the border", long+"hunter2\n", long+"\n***\n", "hunter2")
}

func TestSecretsNeverShowInRandomPieces(t *testing.T) {
	secret := "s3cr3t-0123456789"
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		sink := newRecorder()
		out := newOutput(sink, []string{secret}, time.Now)
		text := strings.Repeat("z", maxLine-rnd.IntN(40)) + secret + strings.Repeat(secret, rnd.IntN(3)) + "\n" + secret
		for text != "" {
			n := min(1+rnd.IntN(9000), len(text))
			_, _ = out.stderr.Write([]byte(text[:n]))
			text = text[n:]
		}
		out.flush()
		if got := sink.stderr(); strings.Contains(strings.ReplaceAll(got, "\n", ""), "s3cr3t") {
			t.Fatalf("secret in %q", got[maxLine-50:])
		}
	}
}

func TestLinesSkipWhatWasSeen(t *testing.T) {
	sink := newRecorder()
	out := newOutput(sink, nil, time.Now)
	_, _ = out.stdout.Write([]byte("one\ntw"))
	out.stdout.skip = out.stdout.taken
	_, _ = out.stdout.Write([]byte("one"))
	_, _ = out.stdout.Write([]byte("\ntwo\nthree\n"))
	if got := sink.stdout(); got != "one\ntwo\nthree\n" {
		t.Errorf("got %q", got)
	}
}

func TestLinesReportTheSinksError(t *testing.T) {
	sink := newRecorder()
	sink.fail = errors.New("disk full")
	out := newOutput(sink, nil, time.Now)
	if _, err := out.stdout.Write([]byte("x\n")); !errors.Is(err, sink.fail) {
		t.Errorf("got %v", err)
	}
	_, _ = out.stdout.Write([]byte("y\n"))
	if len(sink.writes) != 1 {
		t.Errorf("wrote on after the failure: %q", sink.writes)
	}
}

func TestNotesAreMasked(t *testing.T) {
	sink := newRecorder()
	newOutput(sink, []string{"hunter2"}, time.Now).note("Pulling image registry/hunter2")
	if got := sink.stderr(); got != "Croft: Pulling image registry/***\n" {
		t.Errorf("got %q", got)
	}
}
