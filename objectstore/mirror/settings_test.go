package mirror

import (
	"context"
	"encoding/xml"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"croft/objectstore/remote"
)

const (
	policyText    = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":["arn:aws:s3:::photos/*"],"Condition":{"StringNotEquals":{"aws:Referer":"arn:aws:s3:::photos-2/*"}}}]}`
	corsText      = `<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://example.com</AllowedOrigin></CORSRule></CORSConfiguration>`
	websiteText   = `<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument></WebsiteConfiguration>`
	tagsText      = `<Tagging><TagSet><Tag><Key>team</Key><Value>müll</Value></Tag></TagSet></Tagging>`
	lifecycleText = `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule><ID>a</ID><Filter><Prefix>x &amp; y</Prefix></Filter><Status>Enabled</Status>` +
		`<Transition><Days>3</Days><StorageClass>GLACIER</StorageClass></Transition><Expiration><Days>9</Days></Expiration></Rule>` +
		`<Rule><ID>b</ID><Status>Enabled</Status><NoncurrentVersionTransition><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionTransition></Rule></LifecycleConfiguration>`
	enforcedText = `<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>`
	lockText     = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>GOVERNANCE</Mode><Days>3</Days></DefaultRetention></Rule></ObjectLockConfiguration>`
)

func (c *cluster) client() *remote.Client {
	c.Helper()
	client, err := remote.Dial(c.place.Target)
	if err != nil {
		c.Fatal(err)
	}
	c.Cleanup(client.Close)
	return client
}

func (c *cluster) set(bucket, setting, text string) {
	c.Helper()
	if err := c.client().PutSetting(c.Context(), bucket, setting, text); err != nil {
		c.Fatalf("%s: %v", setting, err)
	}
}

func (c *cluster) setting(bucket, setting string) string {
	c.Helper()
	text, err := c.client().Setting(c.Context(), bucket, setting)
	if err != nil {
		c.Fatalf("%s: %v", setting, err)
	}
	return text
}

// furnished is a cluster with a bucket that is set to everything.
func furnished(t *testing.T) *cluster {
	from := newCluster(t, "photos")
	from.versioned("photos", true)
	from.put("photos", "k", []byte("hello"))
	from.set("photos", "policy", policyText)
	from.set("photos", "cors", corsText)
	from.set("photos", "website", websiteText)
	from.set("photos", "tagging", tagsText)
	from.set("photos", "object-lock", lockText)
	from.set("photos", "ownershipControls", enforcedText) // without it ACLs would count
	// The cluster keeps no lifecycle rules, and nothing is copied elsewhere from it.
	from.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		text := map[string]string{
			"lifecycle=": lifecycleText, "replication=": "<ReplicationConfiguration><Role>r</Role></ReplicationConfiguration>", "encryption=": `<E><Rule><A>aws:kms</A></Rule></E>`,
		}
		for query, text := range text {
			if r.Method == http.MethodGet && strings.HasPrefix(r.URL.RawQuery, "X-Amz") && strings.Contains(r.URL.RawQuery, query) {
				_, _ = io.WriteString(w, text)
				return true
			}
		}
		return false
	})
	return from
}

// TestSettings brings a bucket's settings, each as it is or with a word why not, once
// its objects are there.
func TestSettings(t *testing.T) {
	from, to := furnished(t), newCluster(t)
	lifecycle, refuse := "", true
	to.intercept(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && r.URL.Query().Has("lifecycle") {
			body, _ := io.ReadAll(r.Body)
			lifecycle = string(body)
			if strings.Contains(lifecycle, "Transition>") {
				http.Error(w, "<Error><Code>InvalidStorageClass</Code><Message>There is no tier GLACIER.</Message></Error>", http.StatusBadRequest)
			}
			return true
		}
		if refuse && r.Method == http.MethodPut && strings.HasPrefix(r.URL.Path, "/photos-new/k") {
			http.Error(w, `<Error><Code>AccessDenied</Code></Error>`, http.StatusForbidden)
			return true
		}
		return false
	})
	var notes []string
	change := func(c *Config) {
		notes = nil
		c.Source.Bucket, c.Target.Bucket = "photos", "photos-new"
		c.Noted = func(bucket, sentence string) { notes = append(notes, bucket+": "+sentence) }
	}
	wants := func(fragments ...string) {
		t.Helper()
		for _, f := range fragments {
			if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, f) }) {
				t.Errorf("nothing was said of %s: %q", f, notes)
			}
		}
	}
	if _, _, err := bring(t, from, to, change, func(c *Config) { c.DryRun = true }); err != nil {
		t.Error(err)
	}
	wants("default encryption, object ownership would be copied", "policy, CORS, website, lifecycle, default retention would be copied")
	if n := to.requests("PUT"); n > 0 {
		t.Errorf("the dry run sent %d requests that write", n)
	}
	if _, _, err := bring(t, from, to, change); codeOf(err) != "mirror_incomplete" {
		t.Error(err)
	}
	wants("photos: policy, CORS, website, lifecycle, default retention copied", "lifecycle is copied without its transitions to other storage classes: There is no tier GLACIER.",
		"replication is not copied: its rules name targets", "default encryption is not copied: ")
	if got := to.setting("photos-new", "policy"); !strings.Contains(got, "arn:aws:s3:::photos-new/*") || !strings.Contains(got, "arn:aws:s3:::photos-2/*") {
		t.Errorf("the policy is %s", got)
	}
	for name, want := range map[string]string{"cors": "https://example.com", "website": "index.html", "tagging": "müll", "object-lock": "<Days>3</Days>", "ownershipControls": ">BucketOwnerEnforced<"} {
		if got := to.setting("photos-new", name); !strings.Contains(got, want) {
			t.Errorf("%s is %s", name, got)
		}
	}
	for fragment, want := range map[string]bool{"<ID": true, "x &amp; y": true, "Expiration": true, "Transition": false, ">b<": false} {
		if strings.Contains(lifecycle, fragment) != want {
			t.Errorf("the lifecycle is %s", lifecycle)
		}
	}
	// From now on it is somebody's bucket.
	refuse = false
	to.set("photos-new", "cors", "")
	if p, _, err := bring(t, from, to, change); err != nil || p.Copied != 1 || to.setting("photos-new", "cors") != "" {
		t.Errorf("again: %+v, %v, %q", p, err, notes)
	}
	if _, _, err := bring(t, from, to, change, func(c *Config) { c.Settings = Yes }); err != nil || to.setting("photos-new", "cors") == "" {
		t.Errorf("asked for: %v, %q", err, notes)
	}
	other := newCluster(t)
	if _, _, err := bring(t, from, other, change, func(c *Config) { c.Settings = No }); err != nil || other.setting("photos-new", "tagging")+other.setting("photos-new", "policy") != "" {
		t.Errorf("not wanted: %v, %q", err, notes)
	}
}

// TestSettingsResume: a mirror that was cut off before it came to the settings brings them
// the next time. Until then nothing is retained, and nobody let in.
func TestSettingsResume(t *testing.T) {
	from, to := furnished(t), newCluster(t)
	ctx, cancel := context.WithCancel(t.Context())
	to.intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut && r.URL.Path == "/photos/k" {
			cancel() // as Ctrl-C does
			panic(http.ErrAbortHandler)
		}
		return false
	})
	if _, err := Run(ctx, Config{Source: from.place, Target: to.place}); err == nil {
		t.Fatal("it went through")
	}
	to.intercept(nil)
	if got := to.setting("photos", "policy"); got != "" {
		t.Errorf("the policy is there before the objects: %s", got)
	}
	if got := to.setting("photos", "tagging"); !strings.Contains(got, settingsTag) {
		t.Errorf("the tags are %s", got)
	}
	if p, failed, err := bring(t, from, to); err != nil || p.Copied != 1 {
		t.Fatalf("%+v, %v, %v", p, failed, err)
	}
	if got := to.setting("photos", "policy"); got == "" {
		t.Error("the policy was not copied")
	}
	if got := to.setting("photos", "tagging"); strings.Contains(got, settingsTag) || !strings.Contains(got, "team") {
		t.Errorf("the tags are %s", got)
	}
	o, err := to.store.Head(t.Context(), "photos", "k")
	if err != nil || o.Attributes.Lock.Mode != "" {
		t.Errorf("the object is %+v, %v", o, err)
	}
}

func TestWithoutTransitions(t *testing.T) {
	rest, what := withoutTransitions(lifecycleText)
	var doc element
	if err := xml.Unmarshal([]byte(rest), &doc); err != nil || what == "" || len(doc.Inside) != 1 || strings.Contains(rest, "Transition") {
		t.Errorf("%s, %s, %v", rest, what, err)
	}
	only := `<LifecycleConfiguration><Rule><ID>b</ID><Transition><Days>3</Days></Transition></Rule></LifecycleConfiguration>`
	if rest, what := withoutTransitions(only); rest != "" || what == "" {
		t.Errorf("%s, %s", rest, what)
	}
	for _, text := range []string{rest, "", "<a"} {
		if rest, what := withoutTransitions(text); rest+what != "" {
			t.Errorf("%q becomes %s, %s", text, rest, what)
		}
	}
}
