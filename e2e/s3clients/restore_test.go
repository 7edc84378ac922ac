package s3clients

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"croft/e2e"
)

// TestRestore has objects moved to another Croft, as a tier, and has the aws command line and
// MinIO's client bring them back: at once, and once a tier that is away is there again.
func TestRestore(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "aws")
	const key, secret = "clients", "a-secret/of+the=clients"
	there := e2e.New(t, 1).WithAccount(key, secret).Start()
	newClient(t, program, endpoint{there.S3, key, secret}).run("s3", "mb", "s3://archive")
	croft := e2e.New(t, 2).WithAccount(key, secret).Start()
	console := e2e.Login(t, croft.Console, key, secret)
	console.Must(t, http.MethodPost, "/api/v1/tiers", map[string]any{
		"name": "COLD", "endpoint": there.S3, "bucket": "archive", "accessKey": key, "secretKey": secret,
	}, nil)
	e := endpoint{croft.S3, key, secret}
	aws := newClient(t, program, e)
	file := aws.file("data/first", 3<<20)
	aws.file("data/second", 3<<20+1)
	aws.run("s3", "mb", "s3://data")
	aws.run("s3", "cp", "--recursive", filepath.Dir(file), "s3://data")
	aws.run("s3api", "put-bucket-lifecycle-configuration", "--bucket", "data", "--lifecycle-configuration",
		`{"Rules":[{"ID":"cold","Status":"Enabled","Filter":{"Prefix":""},"Transitions":[{"Date":"2024-01-01T00:00:00Z","StorageClass":"COLD"}]}]}`)

	type state struct {
		Tier    string
		Restore struct {
			Ongoing bool
			Until   time.Time
		}
	}
	// wait waits until it is so with an object.
	wait := func(object string, is func(state) bool) {
		t.Helper()
		for {
			var s state
			console.Must(t, http.MethodGet, "/api/v1/buckets/data/version?key="+object, nil, &s)
			if is(s) {
				return
			}
			select {
			case <-t.Context().Done():
				t.Fatalf("%s is %+v", object, s)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	head := func(object string) (h struct{ StorageClass, Restore string }) {
		t.Helper()
		if err := json.Unmarshal([]byte(aws.run("s3api", "head-object", "--bucket", "data", "--key", object)), &h); err != nil {
			t.Fatal(err)
		}
		return h
	}
	for _, object := range []string{"first", "second"} {
		wait(object, func(s state) bool { return s.Tier == "COLD" })
	}
	days := func(n int) string { // until when a copy is there that was made now
		return time.Now().UTC().AddDate(0, 0, n+1).Truncate(24 * time.Hour).Format(http.TimeFormat)
	}

	there.Kill()
	aws.run("s3api", "restore-object", "--bucket", "data", "--key", "first", "--restore-request", `{"Days":3}`)
	if h := head("first"); h.Restore != `ongoing-request="true"` {
		t.Errorf("while the tier is away: %+v", h)
	}
	aws.refused("RestoreAlreadyInProgress", "s3api", "restore-object", "--bucket", "data", "--key", "first", "--restore-request", `{"Days":3}`)
	croft.Kill() // what was promised is kept
	croft.Start()
	there.Start()
	wait("first", func(s state) bool { return !s.Restore.Until.IsZero() })
	if h := head("first"); h.StorageClass != "COLD" || h.Restore != fmt.Sprintf("ongoing-request=\"false\", expiry-date=%q", days(3)) {
		t.Errorf("brought back: %+v", h)
	}

	t.Run("mc", func(t *testing.T) {
		c := newClient(t, needMC(t), e)
		c.args = []string{"--config-dir", filepath.Join(c.dir, "mc"), "--json"}
		c.run("alias", "set", "croft", e.url, e.key, e.secret)
		c.run("ilm", "restore", "--days", "2", "croft/data/second") // waits until it is there
		if h := head("second"); h.Restore != fmt.Sprintf("ongoing-request=\"false\", expiry-date=%q", days(2)) {
			t.Errorf("brought back: %+v", h)
		}
	})

	there.Kill()
	back := filepath.Join(aws.dir, "back")
	aws.run("s3", "cp", "s3://data/first", back)
	aws.same(file, back)
}
