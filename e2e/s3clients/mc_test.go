package s3clients

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"croft/e2e"
)

// mc is MinIO's client, unmodified, with an alias for a server.
type mc struct {
	*client
	endpoint
	croft *e2e.Croft
}

// needMC finds the client that scripts/deps.sh builds.
func needMC(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(e2e.Root(t), ".cache", "mc", "*", "mc"))
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		e2e.Lack(t, "no client of MinIO in .cache/mc")
	}
	return found[0]
}

func newMC(t *testing.T) *mc {
	t.Helper()
	program := needMC(t)
	const key, secret = "operator", "a-secret/of+the=clients"
	croft := e2e.New(t, 4).WithAccount(key, secret).Start()
	e := endpoint{croft.S3, key, secret}
	c := newClient(t, program, e)
	c.args = []string{"--config-dir", filepath.Join(c.dir, "mc"), "--json"}
	m := &mc{c, e, croft}
	m.run("alias", "set", "croft", e.url, e.key, e.secret)
	return m
}

// in is the same client in a subtest.
func (m *mc) in(t *testing.T) *mc {
	c := *m.client
	c.t = t
	return &mc{&c, m.endpoint, m.croft}
}

// answer runs the client and decodes the first line of what it says.
func (m *mc) answer(v any, args ...string) {
	m.t.Helper()
	out := m.run(args...)
	if err := json.NewDecoder(strings.NewReader(out)).Decode(v); err != nil {
		m.t.Fatalf("mc %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// plain runs the client as people do, and returns all that it said.
func (m *mc) plain(args ...string) string {
	m.t.Helper()
	c := *m.client
	c.args = m.args[:len(m.args)-1]
	return c.run(args...)
}

// TestMC drives MinIO's client: first what it does with buckets and objects, then what
// operators do with it.
func TestMC(t *testing.T) {
	m := newMC(t)
	for _, part := range []struct {
		name string
		run  func(*mc)
	}{
		{"objects", (*mc).objects},
		{"settings", (*mc).settings},
		{"locks", (*mc).locks},
		{"info", (*mc).info},
		{"trace", (*mc).trace},
		{"metrics", (*mc).metrics},
		{"heal", (*mc).heal},
		{"configuration", (*mc).configuration},
		{"accounts", (*mc).accounts},
		{"restart", (*mc).restart},
	} {
		if !t.Run(part.name, func(t *testing.T) { part.run(m.in(t)) }) && part.name == "objects" {
			return
		}
	}
}

func (m *mc) objects() {
	t, tree, big := m.t, m.tree("tree"), m.file("big.bin", 20<<20)
	m.run("mb", "croft/photos")
	m.refused("BucketAlreadyOwnedByYou", "mb", "croft/photos")
	m.run("cp", "--attr", "Colour=blue;Cache-Control=no-cache", "--tags", "kind=small", m.file("small.txt", 1000), "croft/photos/small.txt")
	m.run("cp", big, "croft/photos/big.bin")
	m.run("cp", "croft/photos/big.bin", "croft/photos/dir/copy.bin")
	m.run("get", "croft/photos/dir/copy.bin", filepath.Join(m.dir, "back.bin"))
	m.same(big, filepath.Join(m.dir, "back.bin"))
	m.run("put", big, "croft/photos/put.bin")
	m.run("mv", "croft/photos/put.bin", "croft/photos/moved.bin")
	m.run("mirror", tree, "croft/photos/tree")
	if out := m.run("diff", tree, "croft/photos/tree"); out != "" {
		t.Errorf("they differ:\n%s", out)
	}
	m.run("mirror", "croft/photos/tree", filepath.Join(m.dir, "tree back"))
	m.sameTree(tree, filepath.Join(m.dir, "tree back"))
	var stat struct {
		Size     int64
		ETag     string
		Metadata map[string]string
	}
	m.answer(&stat, "stat", "croft/photos/small.txt")
	if stat.Size != 1000 || stat.ETag == "" || stat.Metadata["X-Amz-Meta-Colour"] != "blue" || stat.Metadata["Cache-Control"] != "no-cache" {
		t.Errorf("%+v", stat)
	}
	contains(t, m.plain("stat", "croft/photos"), "Objects count: 2")
	contains(t, m.plain("ls", "-r", "croft/photos"), "tree/中文/文件.txt", "small.txt", "dir/copy.bin")
	contains(t, m.plain("tree", "-f", "croft/photos"), "文件.txt")
	contains(t, m.plain("du", "croft/photos/dir"), "20MiB")
	if out := m.plain("cat", "croft/photos/small.txt"); out != read(t, filepath.Join(m.dir, "small.txt")) {
		t.Errorf("cat: %d bytes", len(out))
	}
	cmd := m.command("pipe", "croft/photos/piped")
	cmd.Stdin = strings.NewReader("one\ntwo\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pipe: %v\n%s", err, out)
	}
	if out := m.plain("head", "-n", "1", "croft/photos/piped"); out != "one\n" {
		t.Errorf("head: %q", out)
	}
	contains(t, m.plain("find", "croft/photos", "--name", "*.txt", "--smaller", "2KB"), "small.txt", "plain.txt")
	contains(t, m.run("tag", "list", "croft/photos/small.txt"), `"kind":"small"`)
	m.run("tag", "set", "croft/photos/small.txt", "kind=other")
	m.run("tag", "remove", "croft/photos/small.txt")
	var link struct{ Share string }
	m.answer(&link, "share", "download", "croft/photos/piped")
	if status, body := get(t, link.Share); status != http.StatusOK || body != "one\ntwo\n" {
		t.Errorf("shared: %d %s", status, body)
	}
	m.run("rm", "-r", "--force", "croft/photos/tree")
	lacks(t, m.plain("ls", "-r", "croft/photos"), "tree/")
}

func (m *mc) settings() {
	t := m.t
	m.run("mb", "croft/settings")
	m.run("version", "enable", "croft/settings")
	contains(t, m.plain("version", "info", "croft/settings"), "versioning is enabled")
	small := m.file("small.txt", 1000)
	m.run("cp", small, "croft/settings/a.txt")
	m.run("rm", "croft/settings/a.txt")
	contains(t, m.plain("ls", "--versions", "croft/settings"), "DEL a.txt", "PUT a.txt")
	m.run("undo", "--force", "croft/settings/a.txt")
	contains(t, m.plain("ls", "croft/settings"), "a.txt")
	m.run("tag", "set", "croft/settings", "team=red")
	contains(t, m.run("tag", "list", "croft/settings"), `"team":"red"`)
	m.run("ilm", "rule", "add", "--expire-days", "30", "croft/settings")
	contains(t, m.plain("ilm", "rule", "export", "croft/settings"), `"Expiration":{"Days":30}`)
	m.run("anonymous", "set", "download", "croft/settings")
	contains(t, m.plain("anonymous", "get", "croft/settings"), "`download`")
	if status, body := get(t, m.url+"/settings/a.txt"); status != http.StatusOK || body != read(t, small) {
		t.Errorf("as anybody: %d", status)
	}
	m.run("anonymous", "set", "none", "croft/settings")
	m.run("encrypt", "set", "sse-s3", "croft/settings")
	contains(t, m.plain("encrypt", "info", "croft/settings"), "sse-s3")
	m.run("encrypt", "set", "sse-kms", "alias/team", "croft/settings")
	contains(t, m.plain("encrypt", "info", "croft/settings"), "sse-kms", "alias/team")
	m.run("encrypt", "clear", "croft/settings")
	m.run("cp", "--enc-kms", "croft/settings=other-key", small, "croft/settings/named.txt")
	contains(t, m.plain("stat", "croft/settings/named.txt"), "SSE-KMS", "other-key")
	m.run("quota", "set", "croft/settings", "--size", "1mi")
	contains(t, m.plain("quota", "info", "croft/settings"), "1.0 MiB")
	m.refused("QuotaExceeded", "cp", m.file("big.bin", 20<<20), "croft/settings/big.bin")
	m.run("quota", "clear", "croft/settings")
	m.run("rb", "--force", "croft/settings")
}

func (m *mc) locks() {
	t := m.t
	m.run("mb", "--with-lock", "croft/locked")
	m.run("retention", "set", "--default", "governance", "1d", "croft/locked")
	contains(t, m.plain("retention", "info", "--default", "croft/locked"), "GOVERNANCE")
	m.run("cp", m.file("small.txt", 1000), "croft/locked/a.txt")
	m.run("legalhold", "set", "croft/locked/a.txt")
	contains(t, m.plain("legalhold", "info", "croft/locked/a.txt"), "ON")
	m.run("legalhold", "clear", "croft/locked/a.txt")
	contains(t, m.plain("retention", "info", "croft/locked/a.txt"), "GOVERNANCE")
}

func (m *mc) info() {
	var in struct {
		Status string
		Info   struct {
			Mode    string
			Objects struct{ Count int }
			Backend struct {
				OnlineDisks      int
				StandardSCParity int
			}
		}
	}
	m.answer(&in, "admin", "info", "croft")
	if in.Status != "success" || in.Info.Mode != "online" || in.Info.Objects.Count == 0 || in.Info.Backend.OnlineDisks != 4 || in.Info.Backend.StandardSCParity != 2 {
		m.t.Errorf("%+v", in)
	}
	contains(m.t, m.plain("admin", "info", "croft"), "Drives: 4/4 OK", "4 drives online, 0 drives offline, EC:2")
	contains(m.t, m.plain("ready", "croft"), "is ready")
	contains(m.t, m.plain("ping", "--count", "1", "croft"), "errors=0")
	m.refused("NotImplemented", "admin", "rebalance", "status", "croft")
	m.refused("Croft has no site replication", "admin", "replicate", "info", "croft")
}

func (m *mc) trace() {
	t := m.t
	show := m.command("admin", "trace", "croft", "-v")
	out, err := show.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := show.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = show.Wait() }()
	defer func() { _ = show.Process.Kill() }()
	type shown struct {
		API       string
		Path      string
		Request   struct{ Headers map[string]string }
		Response  struct{ StatusCode int }
		CallStats struct{ Tx int }
	}
	seen := make(chan shown, 100)
	go func() {
		defer close(seen)
		for in := json.NewDecoder(bufio.NewReader(out)); ; {
			var one shown
			if in.Decode(&one) != nil {
				return
			}
			seen <- one
		}
	}()
	// Nobody says when it looks on, so it is given something to see until it does.
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		m.run("cat", "croft/photos/piped")
		select {
		case one, ok := <-seen:
			if !ok {
				t.Fatal("the trace ended")
			}
			if one.API != "s3.GetObject" {
				continue
			}
			if one.Path != "/photos/piped" || one.Response.StatusCode != http.StatusOK || one.CallStats.Tx != 8 || one.Request.Headers["Authorization"] != "*REDACTED*" {
				t.Errorf("%+v", one)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Error("nothing was traced")
}

func (m *mc) metrics() {
	t := m.t
	var config struct{ BearerToken, MetricsPath string }
	m.answer(&config, "admin", "prometheus", "generate", "croft")
	if status, body := get(t, m.url+config.MetricsPath, "Bearer "+config.BearerToken); status != http.StatusOK || !strings.Contains(body, "minio_cluster_drive_online_total 4\n") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := get(t, m.url+config.MetricsPath); status != http.StatusForbidden {
		t.Errorf("without a token: %d", status)
	}
	contains(t, m.run("admin", "prometheus", "metrics", "croft"), "minio_cluster_usage_total_bytes")
	contains(t, m.run("admin", "prometheus", "metrics", "croft", "bucket"), "minio_bucket_usage_object_total")
}

func (m *mc) heal() {
	contains(m.t, m.plain("admin", "heal", "croft"), "No active healing")
	contains(m.t, m.plain("--quiet", "admin", "heal", "--recursive", "--force", "croft"), "0 damaged and healed")
	m.refused("not one bucket", "admin", "heal", "--recursive", "croft/photos")
}

func (m *mc) configuration() {
	contains(m.t, m.plain("admin", "config", "get", "croft", "storage_class"), "standard=EC:2 rrs=EC:1")
	contains(m.t, m.plain("admin", "config", "export", "croft"), "region name=us-east-1")
	m.refused("flags and the environment", "admin", "config", "set", "croft", "region", "name=eu")
}

func (m *mc) accounts() {
	t := m.t
	m.run("admin", "user", "add", "croft", "robot", "the-secret-of-robot")
	contains(t, m.run("admin", "user", "list", "croft"), `"accessKey":"robot"`, `"accessKey":"operator"`)
	m.run("alias", "set", "robot", m.url, "robot", "the-secret-of-robot")
	m.refused("Insufficient permissions", "cat", "robot/photos/piped")
	m.run("admin", "policy", "attach", "croft", "readonly", "--user", "robot")
	if out := m.plain("cat", "robot/photos/piped"); out != "one\ntwo\n" {
		t.Errorf("with a policy: %q", out)
	}
	contains(t, m.plain("admin", "user", "info", "croft", "robot"), "PolicyName: readonly")
	contains(t, m.plain("admin", "policy", "entities", "croft", "--policy", "readonly"), "robot")
	contains(t, m.run("admin", "info", "robot"), "not authorized") // with code 0
	m.refused("not authorized", "admin", "policy", "attach", "robot", "consoleAdmin", "--user", "robot")
	m.run("admin", "policy", "detach", "croft", "readonly", "--user", "robot")

	document := filepath.Join(m.dir, "policy.json")
	if err := os.WriteFile(document, []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::photos/*","arn:aws:s3:::photos"]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	m.run("admin", "policy", "create", "croft", "photos", document)
	contains(t, m.run("admin", "policy", "list", "croft"), `"policy":"photos"`, `"policy":"readwrite"`)
	contains(t, m.run("admin", "policy", "info", "croft", "photos"), "arn:aws:s3:::photos")
	m.run("admin", "group", "add", "croft", "team", "robot")
	m.run("admin", "policy", "attach", "croft", "photos", "--group", "team")
	m.run("cp", document, "robot/photos/by-robot")
	contains(t, m.plain("admin", "group", "info", "croft", "team"), "Members: robot", "Policy: photos")

	var key struct{ AccessKey, SecretKey string }
	m.answer(&key, "admin", "accesskey", "create", "robot", "--policy", document, "--description", "of the tests")
	m.run("alias", "set", "spare", m.url, key.AccessKey, key.SecretKey)
	m.run("cp", document, "spare/photos/by-key")
	contains(t, m.plain("admin", "accesskey", "info", "croft", key.AccessKey), "Parent User: robot", "Policy: embedded")
	contains(t, m.plain("admin", "user", "svcacct", "list", "croft", "robot"), key.AccessKey)
	m.run("admin", "accesskey", "edit", "croft", key.AccessKey, "--secret-key", "another-secret")
	m.refused("signature", "cp", document, "spare/photos/by-key")
	m.run("admin", "accesskey", "rm", "croft", key.AccessKey)

	m.run("admin", "user", "disable", "croft", "robot")
	m.refused("does not exist in our records", "cp", document, "robot/photos/by-robot")
	m.run("admin", "user", "enable", "croft", "robot")
	m.run("admin", "group", "remove", "croft", "team", "robot")
	m.run("admin", "group", "remove", "croft", "team")
	m.run("admin", "policy", "remove", "croft", "photos")
	m.run("admin", "user", "remove", "croft", "robot")
	m.refused("no such user", "admin", "user", "info", "croft", "robot")
}

// restart is last: it asks for what was written before of the program that came after.
func (m *mc) restart() {
	m.run("admin", "service", "restart", "--dry-run", "croft")
	m.run("admin", "service", "restart", "croft")
	m.croft.WaitFor(`(?s)serving the console.*msg=restarting.*serving the console`)
	if out := m.plain("cat", "croft/photos/piped"); out != "one\ntwo\n" {
		m.t.Errorf("after the restart: %q", out)
	}
	contains(m.t, m.plain("admin", "info", "croft"), "4 drives online")
	m.run("admin", "service", "stop", "croft")
	m.croft.WaitFor(`(?s)msg=restarting.*msg=stopping`)
}
