package adminapi

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/s3api"
)

func TestInfo(t *testing.T) {
	f := start(t)
	f.put("photos", "key", "hello")
	f.put("empty", "key", "")
	if _, err := f.store.Delete(t.Context(), "empty", "key"); err != nil {
		t.Fatal(err)
	}
	var in infoJSON
	text := f.ok(http.MethodGet, "info", nil)
	f.decode(text, &in)
	var names struct{ Servers []map[string]any }
	f.decode(text, &names)
	if got := slices.Sorted(maps.Keys(names.Servers[0])); strings.Join(got, " ") !=
		"drives endpoint go_max_procs network num_cpu poolNumbers runtime_version scheme state uptime version" || names.Servers[0]["scheme"] != "http" {
		t.Errorf("a server has %q", got)
	}
	if in.Mode != "online" || in.Buckets.Count != 2 || in.Objects.Count != 1 || in.Usage.Size != 5 || in.Deployment != f.store.Deployment() {
		t.Errorf("%+v", in)
	}
	if b := in.Backend; b.Type != "Erasure" || b.Online != 4 || b.Offline != 0 || b.Parity != 2 || b.ReducedParity != 1 || fmt.Sprint(b.Sets, b.DrivesPerSet) != "[1] [4]" {
		t.Errorf("%+v", b)
	}
	if s := in.Servers; len(s) != 1 || s[0].State != "online" || s[0].Version != "1.2.3" || len(s[0].Drives) != 4 || s[0].Drives[3].Place != 3 ||
		s[0].Drives[0].State != "ok" || s[0].Drives[0].Total == 0 || s[0].Endpoint != strings.TrimPrefix(f.url, "http://") {
		t.Errorf("%+v", s)
	}
	var usage struct {
		Objects int64                      `json:"objectsCount"`
		Buckets map[string]bucketUsageJSON `json:"bucketsUsageInfo"`
	}
	f.decode(f.ok(http.MethodGet, "datausageinfo?capacity=true", nil), &usage)
	if usage.Objects != 1 || usage.Buckets["photos"] != (bucketUsageJSON{5, 1, 1}) {
		t.Errorf("%+v", usage)
	}
	var storage struct{ Disks []driveJSON }
	f.decode(f.ok(http.MethodGet, "storageinfo", nil), &storage)
	if len(storage.Disks) != 4 {
		t.Errorf("%+v", storage)
	}
	if text := f.ok(http.MethodGet, "top/locks?count=10", nil); text != "[]" {
		t.Errorf("locks: %s", text)
	}
}

// TestDriveStates shows drives as they are.
func TestDriveStates(t *testing.T) {
	h := New(Config{Now: func() time.Time { return time.Unix(1000, 0) }})
	for state, want := range map[objectstore.DriveState]string{
		objectstore.DriveOK: "ok", objectstore.DriveSlow: "ok", objectstore.DriveHealing: "ok", objectstore.DriveOffline: "offline", objectstore.DriveFailing: "faulty",
	} {
		d := h.drive(objectstore.Drive{State: state, Pool: 2, Set: 3, TotalBytes: 10, FreeBytes: 4}, h.now())
		if d.State != want || d.Healing != (state == objectstore.DriveHealing) || d.Pool != 1 || d.Set != 2 || d.Used != 6 {
			t.Errorf("%s: %+v", state, d)
		}
	}
	d := h.drive(objectstore.Drive{State: objectstore.DriveHealing, Healing: &objectstore.HealProgress{DoneBytes: 300, TotalBytes: 500, BytesPerSecond: 10}}, h.now())
	if i := d.HealInfo; i == nil || i.Done != 300 || i.Total != 500 || i.Updated.Sub(i.Started) != 30*time.Second || i.Finished {
		t.Errorf("%+v", i)
	}
	short := storage{health: objectstore.Health{ReadQuorum: 2, Writable: false}, drives: []driveJSON{{State: driveOK}, {State: driveOffline}, {State: driveOffline}, {State: driveFaulty}}}
	if !short.readable() || short.online() != 1 {
		t.Error("two drives are there, one of them fenced, and cannot be read")
	}
	short.drives[3].State = driveOffline
	if short.readable() {
		t.Error("it is read with one drive of two")
	}
}

func TestQuotas(t *testing.T) {
	f := start(t)
	f.put("photos", "key", "hello")
	f.ok(http.MethodPut, "set-bucket-quota?bucket=photos", []byte(`{"quota":7,"size":7,"quotatype":"hard"}`))
	if e := f.fence.last(); e.Call != "set-bucket-quota" || e.Target != "photos" || e.Detail != "quota 7 bytes" || e.Outcome != "ok" || e.RequestID == "" || e.Address == "" {
		t.Errorf("in the audit log: %+v", e)
	}
	if text := f.ok(http.MethodGet, "get-bucket-quota?bucket=photos", nil); text != `{"quota":7,"size":7,"rate":0,"requests":0,"quotatype":"hard"}` {
		t.Error(text)
	}
	if b, err := f.store.Bucket(t.Context(), "photos"); err != nil || b.Quota != 7 {
		t.Errorf("%+v, %v", b, err)
	}
	f.refused("NotImplemented", http.MethodPut, "set-bucket-quota?bucket=photos", []byte(`{"size":7,"rate":1}`))
	f.refused("InvalidArgument", http.MethodPut, "set-bucket-quota?bucket=photos", []byte(`{"size":7,"quotatype":"fifo"}`))
	f.refused("InvalidArgument", http.MethodPut, "set-bucket-quota?bucket=photos", []byte(`{`))
	f.refused("NoSuchBucket", http.MethodPut, "set-bucket-quota?bucket=none", []byte(`{"size":7}`))
	f.refused("NoSuchBucket", http.MethodGet, "get-bucket-quota?bucket=none", nil)
	f.put("croft-own", "key", "")
	f.refused("AccessDenied", http.MethodPut, "set-bucket-quota?bucket=croft-own", []byte(`{"size":7}`))
	f.ok(http.MethodPut, "set-bucket-quota?bucket=photos", []byte(`{"quota":0,"size":0}`))
	if b, _ := f.store.Bucket(t.Context(), "photos"); b.Quota != 0 {
		t.Errorf("%d bytes are left of the quota", b.Quota)
	}
}

func TestConfiguration(t *testing.T) {
	f := start(t)
	told := func(path string) string {
		t.Helper()
		text, err := open(secret+operator, []byte(f.ok(http.MethodGet, path, nil)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := told("get-config-kv?key=storage_class"); text != "storage_class standard=EC:2 rrs=EC:1 \n" {
		t.Error(text)
	}
	if text := told("config"); !strings.Contains(text, "region name=us-east-1 \n") || !strings.Contains(text, "storage_class") {
		t.Error(text)
	}
	f.refused("XMinioConfigError", http.MethodGet, "get-config-kv?key=subnet", nil)
	f.refused("XMinioConfigError", http.MethodGet, "help-config-kv?subSys=subnet", nil)
	var help helpJSON
	f.decode(f.ok(http.MethodGet, "help-config-kv?subSys=&key=", nil), &help)
	if len(help.Keys) != 3 {
		t.Errorf("%+v", help)
	}
	f.decode(f.ok(http.MethodGet, "help-config-kv?subSys=storage_class&key=rrs", nil), &help)
	if help.Name != "storage_class" || len(help.Keys) != 1 || help.Keys[0].Name != "rrs" {
		t.Errorf("%+v", help)
	}
	f.refused("NotImplemented", http.MethodPut, "set-config-kv", nil)
}

func TestService(t *testing.T) {
	f := start(t)
	probe := func() int { return f.send(f.request(http.MethodGet, "/minio/health/cluster", nil)).status }
	if text := f.ok(http.MethodPost, "service?action=restart&dry-run=true&type=2", nil); !strings.Contains(text, `"dryRun":true`) || probe() != http.StatusOK {
		t.Error(text)
	}
	f.fence.noRestart = errs.New(errs.Unavailable, "restart_unavailable", "Not here.")
	if a := f.refused("XMinioAdminUnavailable", http.MethodPost, "service?action=restart", nil); !strings.Contains(a.body, "Not here.") {
		t.Error(a.body)
	}
	f.fence.noRestart = nil
	f.refused("NotImplemented", http.MethodPost, "service?action=freeze", nil)
	f.refused("InvalidArgument", http.MethodPost, "service?action=dance", nil)
	select {
	case what := <-f.fence.turned:
		t.Fatalf("the power was turned off to %s", what)
	default:
	}
	f.ok(http.MethodPost, "service?action=restart&dry-run=false&type=2", nil)
	if what := <-f.fence.turned; what != "restart" {
		t.Error(what)
	}
	if e := f.fence.last(); e.Call != "service" || e.Target != "restart" || e.Outcome != "ok" {
		t.Errorf("in the audit log: %+v", e)
	}
	if status := probe(); status != http.StatusServiceUnavailable {
		t.Errorf("ready while it ends: %d", status)
	}
	f.ok(http.MethodPost, "service?action=stop", nil)
	if what := <-f.fence.turned; what != "stop" {
		t.Error(what)
	}
	if asked := f.fence.asked; asked[len(asked)-1] != "admin:ServiceStop" {
		t.Errorf("asked for %v", asked)
	}
}

func TestHeal(t *testing.T) {
	f := start(t)
	f.put("photos", "key", "hello")
	var status struct {
		Sets   []setHealJSON
		Parity map[string]int `json:"sc_parity"`
	}
	f.decode(f.ok(http.MethodPost, "background-heal/status", nil), &status)
	if len(status.Sets) != 1 || len(status.Sets[0].Disks) != 4 || status.Parity["STANDARD"] != 2 {
		t.Errorf("%+v", status)
	}
	for _, options := range []string{`{"dryRun":true}`, `{"remove":true}`, `{"recreate":true}`, `{"pool":0}`} {
		f.refused("NotImplemented", http.MethodPost, "heal/", []byte(options))
	}
	f.refused("NotImplemented", http.MethodPost, "heal/photos", []byte(`{"recursive":true}`))
	f.refused("InvalidArgument", http.MethodPost, "heal/", []byte(`{`))
	f.refused("XMinioHealNoSuchProcess", http.MethodPost, "heal/?clientToken=x", nil)

	begin := func(query string) healStartJSON {
		t.Helper()
		var started healStartJSON
		f.decode(f.ok(http.MethodPost, "heal/"+query, []byte(`{"recursive":true,"scanMode":1}`)), &started)
		return started
	}
	follow := func(token string) (task healTaskJSON) {
		t.Helper()
		f.decode(f.ok(http.MethodPost, "heal/?clientToken="+token, nil), &task)
		return task
	}
	token := begin("").Token
	if task := follow(token); task.Summary != "running" || len(task.Items) != 1 || task.Items[0].Drives != 4 {
		t.Errorf("%+v", task)
	}
	begin("") // follows what is going on
	// Nothing runs the engine here: what it does when asked is its own test's.
	if err := f.store.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	task := follow(token)
	if task.Summary != "finished" || len(task.Items) != 1 || !strings.Contains(task.Items[0].Detail, "0 damaged and healed") {
		t.Errorf("%+v", task)
	}
	token = begin("?forceStart=true").Token
	begin("?forceStop=true")
	if health, err := f.store.Health(t.Context()); err != nil || health.Scrub.Asked {
		t.Errorf("%+v, %v", health.Scrub, err)
	}
	later := fmt.Sprint(time.Now().Add(time.Hour).Unix())
	if task := follow(later); task.Summary != "stopped" || task.Detail == "" {
		t.Errorf("%+v", task)
	}
	if e := f.fence.last(); e.Call != "heal" {
		t.Errorf("in the audit log: %+v", e)
	}
	_ = token
}

func TestHealTellsDamage(t *testing.T) {
	s := storage{health: objectstore.Health{DataShards: 2, ParityShards: 2}, drives: []driveJSON{{State: driveOffline}, {State: driveOK}, {State: driveOK}, {State: driveOK}}}
	items := s.finished(&objectstore.Scrub{Bytes: 3 << 20, Damaged: 2})
	if len(items) != 3 || items[0].Type != "object" || items[0].Before.Drives[1].State != "corrupt" || items[0].After.Drives[1].State != "ok" ||
		items[2].Detail != "3.0 MiB checked, 2 damaged and healed" || s.drives[1].State != "ok" {
		t.Errorf("%+v", items)
	}
	if n := len(s.finished(&objectstore.Scrub{Damaged: 1 << 40})); n != maxHealItems+1 {
		t.Errorf("%d items", n)
	}
}

// traced reads what a trace shows.
type traced struct {
	t     *testing.T
	lines *bufio.Reader
	end   io.Closer
}

func (f *fixture) trace(query string) *traced {
	f.t.Helper()
	w, err := f.client.Do(f.signed(operator, f.request(http.MethodGet, "/minio/admin/v3/trace?"+query, nil), nil))
	if err != nil {
		f.t.Fatal(err)
	}
	if w.StatusCode != http.StatusOK {
		f.t.Fatalf("trace: %d", w.StatusCode)
	}
	f.t.Cleanup(func() { _ = w.Body.Close() })
	lines := bufio.NewReader(w.Body)
	if _, err := lines.ReadByte(); err != nil { // from here on everything is shown
		f.t.Fatal(err)
	}
	return &traced{f.t, lines, w.Body}
}

func (r *traced) next() (shown traceJSON, raw string) {
	r.t.Helper()
	raw, err := r.lines.ReadString('\n')
	if err != nil || json.Unmarshal([]byte(raw), &shown) != nil {
		r.t.Fatalf("%q: %v", raw, err)
	}
	return shown, raw
}

func TestTrace(t *testing.T) {
	f := start(t)
	f.put("photos", "key", "hello")
	all, bad, slow := f.trace("s3=true"), f.trace("s3=true&err=true"), f.trace("s3=true&threshold=1h")
	get := func(key string) {
		t.Helper()
		r := f.request(http.MethodGet, "/photos/"+key+"?partNumber=1", nil)
		r.Header.Set("X-Amz-Meta-Shown", "yes")
		f.send(f.signed(operator, r, nil))
	}
	get("key")
	get("none")
	good, raw := all.next()
	if good.Kind != traceS3 || good.Function != "s3.GetObject" || good.Path != "/photos/key" || good.HTTP.Response.Status != http.StatusPartialContent && good.HTTP.Response.Status != http.StatusOK ||
		good.HTTP.Stats.Out != 5 || good.Took <= 0 || good.HTTP.Stats.TTFB <= 0 || good.HTTP.Request.Query != "partNumber=1" || good.Error != "" ||
		good.HTTP.Request.Headers.Get("X-Amz-Meta-Shown") != "yes" {
		t.Error(raw)
	}
	if strings.Contains(raw, "Signature=") || !strings.Contains(raw, `"Authorization":["*REDACTED*"]`) {
		t.Error(raw)
	}
	for name, r := range map[string]*traced{"all": all, "errors": bad} {
		if one, raw := r.next(); one.HTTP.Response.Status != http.StatusNotFound || one.Error != "NoSuchKey" || one.Path != "/photos/none" {
			t.Errorf("%s: %s", name, raw)
		}
	}
	other := f.trace("storage=true")
	if one, raw := other.next(); one.Kind != traceBootstrap || !strings.Contains(one.Message, "S3 clients alone") {
		t.Error(raw)
	}
	f.refused("InvalidArgument", http.MethodGet, "trace?s3=true&threshold=x", nil)
	// Who has gone is forgotten, and a stop ends the rest.
	_ = all.end.Close()
	f.handler.CloseStreams()
	for _, r := range []*traced{bad, slow, other} {
		if rest, err := io.ReadAll(r.lines); err != nil || strings.TrimSpace(string(rest)) != "" {
			t.Errorf("%q, %v", rest, err)
		}
	}
	f.stop()
	if f.handler.Watching() {
		t.Error("somebody still looks on")
	}
}

// TestTraceOfSlowViewers shows that a viewer who reads slowly is waited for by nobody.
func TestTraceOfSlowViewers(t *testing.T) {
	h := New(Config{})
	v := &viewer{queue: make(chan s3api.Exchange, 2)}
	h.viewers.add(v)
	for range 5 {
		h.Saw(s3api.Exchange{})
	}
	if len(v.queue) != 2 || v.missed.Load() != 3 {
		t.Errorf("%d wait, %d missed", len(v.queue), v.missed.Load())
	}
}

// token signs claims as `mc admin prometheus generate` does.
func token(head, claims, key string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(head)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha512.New, []byte(key))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func TestMetrics(t *testing.T) {
	f := start(t, func(c *Config) {
		c.Traffic = func(bucket string) BucketTraffic {
			return map[string]BucketTraffic{"photos": {Reads: 3, Lists: 2, Refused: 1, Failed: 4, Received: 5, Sent: 6}}[bucket]
		}
	})
	f.put("photos", "key", "hello")
	f.put("quiet", "key", "")
	f.send(f.signed(operator, f.request(http.MethodGet, "/photos/key", nil), nil))
	f.send(f.signed(operator, f.request(http.MethodGet, "/photos/none", nil), nil))
	const head = `{"alg":"HS512","typ":"JWT"}`
	claims := func(who, issuer string, until time.Time) string {
		return fmt.Sprintf(`{"sub":%q,"iss":%q,"exp":%d}`, who, issuer, until.Unix())
	}
	soon := time.Now().Add(time.Hour)
	good := token(head, claims(operator, "prometheus", soon), secret+operator)
	scrape := func(path, bearer string) answer {
		r := f.request(http.MethodGet, path, nil)
		if bearer != "" {
			r.Header.Set("Authorization", bearer)
		}
		return f.send(r)
	}
	for path, fragments := range map[string][]string{
		"/minio/v2/metrics/cluster": {
			"# TYPE minio_cluster_capacity_raw_total_bytes gauge\n", "\nminio_cluster_usage_object_total 2\n", "\nminio_cluster_drive_online_total 4\n",
			`minio_s3_requests_total{api="getobject",server="` + f.url[len("http://"):] + `"} 2`, `minio_s3_requests_4xx_errors_total{api="getobject",server="` + f.url[len("http://"):] + `"} 1`,
			"\nminio_cluster_health_status 1\n", "minio_node_drive_total_bytes{drive=",
		},
		"/minio/v2/metrics/bucket": {
			`minio_bucket_usage_total_bytes{bucket="photos"} 5` + "\n",
			"# TYPE croft_bucket_requests_total counter\n" + `croft_bucket_requests_total{bucket="photos",kind="read"} 3` + "\n",
			`croft_bucket_requests_total{bucket="photos",kind="list"} 2` + "\n" + `croft_bucket_requests_total{bucket="photos",kind="delete"} 0` + "\n",
			"counter\n" + `minio_bucket_requests_4xx_errors_total{bucket="photos"} 1` + "\n#", `minio_bucket_requests_5xx_errors_total{bucket="photos"} 4` + "\n",
			`minio_bucket_traffic_received_bytes{bucket="photos"} 5` + "\n", `minio_bucket_traffic_sent_bytes{bucket="photos"} 6` + "\n",
		},
		"/minio/v2/metrics/node":    {"minio_node_process_uptime_seconds{"},
		"/minio/prometheus/metrics": {"minio_bucket_usage_object_total", "minio_cluster_bucket_total 2\n"},
	} {
		a := scrape(path, "Bearer "+good)
		if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/plain; version=0.0.4") {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		for _, fragment := range fragments {
			if !strings.Contains(a.body, fragment) {
				t.Errorf("%s: no %q in\n%s", path, fragment, a.body)
			}
		}
	}
	parts := strings.Split(good, ".")
	for name, bearer := range map[string]string{
		"no token":          "",
		"another scheme":    "Basic " + good,
		"no signature":      "Bearer " + parts[0] + "." + parts[1] + ".",
		"another secret":    "Bearer " + token(head, claims(operator, "prometheus", soon), secret+member),
		"another algorithm": "Bearer " + token(`{"alg":"none","typ":"JWT"}`, claims(operator, "prometheus", soon), secret+operator),
		"a weaker one":      "Bearer " + token(`{"alg":"HS256","typ":"JWT"}`, claims(operator, "prometheus", soon), secret+operator),
		"critical":          "Bearer " + token(`{"alg":"HS512","crit":["x"]}`, claims(operator, "prometheus", soon), secret+operator),
		"expired":           "Bearer " + token(head, claims(operator, "prometheus", time.Now().Add(-time.Second)), secret+operator),
		"for ever":          "Bearer " + token(head, `{"sub":"operator","iss":"prometheus"}`, secret+operator),
		"not yet":           "Bearer " + token(head, fmt.Sprintf(`{"sub":"operator","iss":"prometheus","exp":%d,"nbf":%d}`, soon.Unix(), soon.Unix()-60), secret+operator),
		"for something":     "Bearer " + token(head, claims(operator, "someone", soon), secret+operator),
		"of nobody":         "Bearer " + token(head, claims("nobody", "prometheus", soon), ""),
		"no right":          "Bearer " + token(head, claims(member, "prometheus", soon), secret+member),
		"too long":          "Bearer " + strings.Repeat("a", maxToken) + good,
	} {
		if a := scrape("/minio/v2/metrics/cluster", bearer); a.status != http.StatusForbidden || strings.Contains(a.body, "# TYPE") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}

func TestExposition(t *testing.T) {
	var e exposition
	e.add("a_b", gauge, "Help.", 1.5, labels{"x", "quote\" back\\ line\n\xff", "y", "z"})
	e.add("a_b", gauge, "Help.", 2, nil)
	want := "# HELP a_b Help.\n# TYPE a_b gauge\na_b{x=\"quote\\\" back\\\\ line\\n\uFFFD\",y=\"z\"} 1.5\na_b 2\n"
	if got := e.text.String(); got != want {
		t.Errorf("%q", got)
	}
}
