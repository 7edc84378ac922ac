package app

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"

	"croft/internal/errs"
	"croft/objectstore/mirror"
)

// TestMirrorNeedsKeys names what is missing, and shows no key.
func TestMirrorNeedsKeys(t *testing.T) {
	whole := StoreConfig{URL: "s3+http://127.0.0.1:1/photos", AccessKey: "key", SecretKey: "geheim"}
	for mention, c := range map[string]MirrorConfig{
		"CROFT_SOURCE_ACCESS_KEY is not set": {Source: StoreConfig{URL: whole.URL}, Target: whole},
		"CROFT_TARGET_SECRET_KEY is not set": {Source: whole, Target: StoreConfig{URL: whole.URL, AccessKey: "key"}},
		"A target is written s3://":          {Source: whole, Target: StoreConfig{URL: "photos"}},
		"same bucket":                        {Source: whole, Target: whole},
	} {
		var out bytes.Buffer
		c.Out = &out
		err := Mirror(t.Context(), c)
		if _, message := errs.Public(err); errs.KindOf(err) != errs.Invalid || !strings.Contains(message, mention) {
			t.Errorf("%s: %v", mention, err)
		}
		if strings.Contains(out.String(), "geheim") {
			t.Errorf("%s: the key is shown: %s", mention, &out)
		}
	}
}

// TestProgressLines writes for a terminal and for a file.
func TestProgressLines(t *testing.T) {
	p := mirror.Progress{Objects: 40, Copied: 3, CopiedBytes: 5 << 30, Present: 1, PresentBytes: 2000, BytesPerSecond: 1536, Left: 90 * time.Second, Failed: 1, Elapsed: 2 * time.Second}
	for terminal, want := range map[bool]string{
		true: "5 of 40 objects, 5.0 GiB, 1.5 KiB/s, about 1m30s left, 1 failed\r\x1b[K5 of 40 objects, 5.0 GiB, 1.5 KiB/s, about 1m30s left, 1 failed" +
			"\r\x1b[Kfailed: b/k: no\ncopied and verified: 3 objects, 5.0 GiB; there already: 1 objects, 2.0 KiB; failed: 1; took 2s\n",
		false: "5 of 40 objects, 5.0 GiB, 1.5 KiB/s, about 1m30s left, 1 failed\nfailed: b/k: no\n" +
			"copied and verified: 3 objects, 5.0 GiB; there already: 1 objects, 2.0 KiB; failed: 1; took 2s\n",
	} {
		var out bytes.Buffer
		l := &progressLines{out: &out, terminal: terminal, most: maxFailures}
		l.progress(p)
		l.progress(p)
		l.failed("b", "k", errors.New("no"))
		l.end(p, false)
		shown := out.String()
		l.failed("b", "\x1b]0;mine\a\u009b2J\r\nfailed: \u202eb", errors.New("\x1b[31mno"))
		if said := strings.TrimSuffix(out.String()[len(shown):], "\n"); strings.ContainsFunc(said, unicode.IsControl) || strings.Contains(said, "\u202e") {
			t.Errorf("a terminal would obey %q", said)
		}
		out.Truncate(len(shown))
		if out.String() != want {
			t.Errorf("terminal %v: wrote\n%q, want\n%q", terminal, out.String(), want)
		}
	}
}
