package remote

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"croft/internal/errs"
)

func TestTargetEndpoints(t *testing.T) {
	f := func(endpoint, host string, secure bool) {
		t.Helper()
		at, err := Target{Endpoint: endpoint}.address()
		if host == "" {
			if errs.KindOf(err) != errs.Invalid {
				t.Errorf("%q: %+v, %v", endpoint, at, err)
			}
			return
		}
		if err != nil || at.host != host || at.secure != secure {
			t.Errorf("%q: %+v, %v", endpoint, at, err)
		}
	}
	f("s3.example.com", "s3.example.com", true)
	f("s3.example.com:9000", "s3.example.com:9000", true)
	f("https://s3.example.com/", "s3.example.com", true)
	f("HTTP://127.0.0.1:9000", "127.0.0.1:9000", false)
	f("[::1]:9000", "[::1]:9000", true)
	for _, bad := range []string{
		"", "https://", "ftp://s3.example.com", "s3://x", "s3.example.com/bucket", "key:secret@s3.example.com", "s3.example.com?x=y",
		"s3.example.com:", "a b", "s3.example.com:port", "http://", "s3.example.com#x", "<script>",
	} {
		f(bad, "", false)
	}
	// What may be a password is not shown.
	if _, err := (Target{Endpoint: "https://me:geheim@host"}).address(); strings.Contains(err.Error(), "geheim") {
		t.Error(err)
	}
}

func TestTargetValidate(t *testing.T) {
	whole := Target{Endpoint: "s3.example.com", AccessKey: "a", SecretKey: "s"}
	if err := whole.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*Target){
		"style":       func(t *Target) { t.Style = "hosted" },
		"region":      func(t *Target) { t.Region = "eu west" },
		"access key":  func(t *Target) { t.AccessKey = "" },
		"secret key":  func(t *Target) { t.SecretKey = "" },
		"authorities": func(t *Target) { t.Authorities = "nonsense" },
		"endpoint":    func(t *Target) { t.Endpoint = "" },
	} {
		one := whole
		spoil(&one)
		if err := one.Validate(); errs.KindOf(err) != errs.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := Dial(one); errs.KindOf(err) != errs.Invalid {
			t.Errorf("dial with wrong %s: %v", name, err)
		}
	}
}

func TestSecretIsShownToNobody(t *testing.T) {
	one := Target{Endpoint: "h", AccessKey: "a", SecretKey: "geheim"}
	text, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "target", one, "secret", one.SecretKey)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "target", one, "secret", one.SecretKey)
	for _, shown := range []string{string(text), log.String(), fmt.Sprintf("%v %+v %#v %s %q %x", one, one, one, one.SecretKey, one.SecretKey, one.SecretKey)} {
		if strings.Contains(shown, "geheim") || strings.Contains(shown, fmt.Sprintf("%x", "geheim")) {
			t.Errorf("shown: %s", shown)
		}
	}
}

// answers is a cluster that answers everything with one status and body.
func answers(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// dial makes a client for a test, and lets it go with the test.
func dial(t *testing.T, target Target) *Client {
	t.Helper()
	if target.AccessKey == "" {
		target.AccessKey, target.SecretKey = "key", "secret"
	}
	c, err := Dial(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	f := func(name string, target Target, code, says string) {
		t.Helper()
		err := dial(t, target).Check(t.Context(), "bucket")
		got, message := errs.Public(err)
		if got != code || !strings.Contains(message, says) {
			t.Errorf("%s: %s, %s (%v)", name, got, message, err)
		}
	}
	plain := httptest.NewServer(answers(http.StatusOK, ""))
	defer plain.Close()
	secure := httptest.NewTLSServer(answers(http.StatusOK, ""))
	defer secure.Close()
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	missing := httptest.NewServer(answers(http.StatusNotFound, ""))
	defer missing.Close()
	denied := httptest.NewServer(answers(http.StatusForbidden, ""))
	defer denied.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()

	trusted := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}))
	if err := dial(t, Target{Endpoint: plain.URL}).Check(t.Context(), "bucket"); err != nil {
		t.Errorf("plain: %v", err)
	}
	if err := dial(t, Target{Endpoint: secure.URL, Authorities: trusted}).Check(t.Context(), "bucket"); err != nil {
		t.Errorf("secure: %v", err)
	}
	f("not trusted", Target{Endpoint: secure.URL}, "target_unavailable", "signed by nobody")
	f("not TLS", Target{Endpoint: strings.TrimPrefix(plain.URL, "http://")}, "target_unavailable", "does not speak TLS")
	f("nobody there", Target{Endpoint: "http://" + gone.Addr().String()}, "target_unavailable", "does not answer")
	f("no bucket", Target{Endpoint: missing.URL}, "target_bucket_missing", "no bucket bucket")
	f("denied", Target{Endpoint: denied.URL}, "target_refused", "does not allow")
}

func TestExplainAnswers(t *testing.T) {
	f := func(status int, s3, code, says string) {
		t.Helper()
		server := httptest.NewServer(answers(status, "<Error><Code>"+s3+"</Code><Message>raw text</Message><Region>eu-1</Region></Error>"))
		defer server.Close()
		c := dial(t, Target{Endpoint: server.URL})
		_, err := c.ListMultipartUploads(t.Context(), "bucket", "", "", "", "", 1)
		if Code(err) != s3 {
			t.Errorf("code of %v: %q", err, Code(err))
		}
		got, message := errs.Public(c.Explain(err))
		if got != code || !strings.Contains(message, says) || strings.Contains(message, "raw text") {
			t.Errorf("%s: %s, %s", s3, got, message)
		}
	}
	f(http.StatusForbidden, "InvalidAccessKeyId", "target_refused", "does not know the access key")
	f(http.StatusForbidden, "SignatureDoesNotMatch", "target_refused", "us-east-1")
	f(http.StatusForbidden, "RequestTimeTooSkewed", "target_refused", "clock")
	f(http.StatusBadRequest, "AuthorizationHeaderMalformed", "target_refused", "in the region eu-1")
	f(http.StatusInsufficientStorage, "XMinioStorageFull", "target_full", "no space")
	f(http.StatusNotImplemented, "NotImplemented", "target_unable", "cannot do this")
	f(http.StatusBadRequest, "Unheard", "internal", "")
}

func TestExplainKeepsWhatIsUnderstood(t *testing.T) {
	c := dial(t, Target{Endpoint: "http://127.0.0.1:1"})
	ours := errs.New(errs.NotFound, "x", "y")
	for _, err := range []error{nil, ours, context.Canceled, fmt.Errorf("put: %w", context.DeadlineExceeded)} {
		if got := c.Explain(err); !errors.Is(got, err) || errs.KindOf(got) != errs.KindOf(err) {
			t.Errorf("%v became %v", err, got)
		}
	}
}

// A connection on which nothing moves ends, however long the request may last.
func TestStalledConnectionEnds(t *testing.T) {
	ours, theirs := net.Pipe()
	defer theirs.Close()
	c := &patientConn{Conn: ours, stall: time.Millisecond}
	defer c.Close()
	for name, use := range map[string]func([]byte) (int, error){"read": c.Read, "write": c.Write} {
		_, err := use(make([]byte, 1))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseLocation(t *testing.T) {
	f := func(text string, want Location) {
		t.Helper()
		if got, err := ParseLocation(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	f("s3://s3.example.com/croft", Location{Target: Target{Endpoint: "https://s3.example.com"}, Prefix: "croft"})
	f("S3://10.0.0.7:9000/croft/", Location{Target: Target{Endpoint: "https://10.0.0.7:9000"}, Prefix: "croft"})
	f("s3+http://localhost:9000/our-croft", Location{Target: Target{Endpoint: "http://localhost:9000"}, Prefix: "our-croft"})
	f("s3://h/croft?region=eu-1&style=path&ca=/etc/ca.pem", Location{
		Target: Target{Endpoint: "https://h", Region: "eu-1", Style: StylePath}, Prefix: "croft", AuthoritiesFile: "/etc/ca.pem",
	})
	for _, bad := range []string{
		"", "/mnt/disk1", "s3:/h/croft", "http://h/croft", "s3://h", "s3://h/", "s3:///croft", "s3://h/UP", "s3://h/a/b", "s3://h:x/croft",
		"s3://h/croft?regin=x", "s3://h/croft?%zz", "s3://key:geheim@h/croft",
	} {
		if got, err := ParseLocation(bad); errs.KindOf(err) != errs.Invalid || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %+v, %v", bad, got, err)
		}
	}
}

func TestParsePlace(t *testing.T) {
	f := func(text string, want Place) {
		t.Helper()
		if got, err := ParsePlace("source", "CROFT_SOURCE", text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	at := Target{Endpoint: "https://s3.example.com"}
	f("s3://s3.example.com", Place{Target: at})
	f("s3://s3.example.com/", Place{Target: at})
	f("s3://s3.example.com/photos", Place{Target: at, Bucket: "photos"})
	f("s3://s3.example.com/photos/", Place{Target: at, Bucket: "photos"})
	f("s3://s3.example.com/photos/2024/a/?region=eu-1&ca=/ca.pem", Place{
		Target: Target{Endpoint: at.Endpoint, Region: "eu-1"}, Bucket: "photos", Prefix: "2024/a/", AuthoritiesFile: "/ca.pem",
	})
	for _, bad := range []string{"", "photos", "s3:///photos", "s3://h//x", "s3://key:geheim@h/photos", "s3://h/photos?regin=x"} {
		_, err := ParsePlace("source", "CROFT_SOURCE", bad)
		if errs.KindOf(err) != errs.Invalid || strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "store") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
