package s3api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
	"croft/objectstore"
)

// lockedBucket makes a bucket with object lock as clients do.
func (f *fixture) lockedBucket(name string) {
	f.t.Helper()
	if a := f.call("PUT", "/"+name, "", bucketLockHeader, "True"); a.status != 200 {
		f.t.Fatalf("%d %s", a.status, a.body)
	}
}

func retention(mode string, until time.Time) string {
	return "<Retention><Mode>" + mode + "</Mode><RetainUntilDate>" + xmlTime(until) + "</RetainUntilDate></Retention>"
}

func lockHeaders(mode string, until time.Time) []string {
	return []string{lockModeHeader, mode, lockUntilHeader, xmlTime(until)}
}

func bucketLock(inside string) string {
	return "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>" + inside + "</ObjectLockConfiguration>"
}

func defaultRetention(inside string) string {
	return bucketLock("<Rule><DefaultRetention>" + inside + "</DefaultRetention></Rule>")
}

func TestObjectLock(t *testing.T) {
	f := start(t).bucket("plain")
	f.lockedBucket("locked")
	hour, day := time.Now().Add(time.Hour), time.Now().Add(24*time.Hour)
	put := f.call("PUT", "/locked/key", "hello", append(lockHeaders("GOVERNANCE", day), legalHoldHeader, "ON")...)
	at := "/locked/key?versionId=" + put.header.Get(versionHeader)
	f.run(t, []call{
		{name: "get", method: "GET", target: at, status: 200, wantBody: "hello", want: map[string]string{lockModeHeader: "GOVERNANCE", lockUntilHeader: xmlTime(day), legalHoldHeader: "ON"}},
		{name: "head", method: "HEAD", target: "/locked/key", status: 200, want: map[string]string{lockModeHeader: "GOVERNANCE", lockUntilHeader: xmlTime(day), legalHoldHeader: "ON"}},
		{name: "versioning is on", method: "PUT", target: "/locked?versioning", body: "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>", status: 409, code: "InvalidBucketState"},
		{name: "delete what is held", method: "DELETE", target: at, header: []string{bypassHeader, "true"}, status: 403, code: "AccessDenied"},
		{name: "release", method: "PUT", target: at + "&legal-hold", body: "<LegalHold><Status>OFF</Status></LegalHold>", status: 200},
		{name: "released", method: "HEAD", target: "/locked/key", status: 200, want: map[string]string{legalHoldHeader: "-", lockModeHeader: "GOVERNANCE"}},
		{name: "delete what is governed", method: "DELETE", target: at, status: 403, code: "AccessDenied"},
		{name: "shorten", method: "PUT", target: at + "&retention", body: retention("GOVERNANCE", hour), status: 403, code: "AccessDenied"},
		{name: "remove", method: "PUT", target: at + "&retention", body: "<Retention/>", status: 403, code: "AccessDenied"},
		{name: "make it compliance", method: "PUT", target: at + "&retention", body: retention("COMPLIANCE", day.Add(time.Hour)), status: 403, code: "AccessDenied"},
		{name: "lengthen", method: "PUT", target: at + "&retention", body: retention("GOVERNANCE", day.Add(time.Hour)), status: 200},
		{name: "shorten with bypass", method: "PUT", target: at + "&retention", body: retention("GOVERNANCE", hour), header: []string{bypassHeader, "true"}, status: 200},
		{name: "shortened", method: "HEAD", target: at, status: 200, want: map[string]string{lockUntilHeader: xmlTime(hour)}},
		{name: "remove with bypass", method: "PUT", target: at + "&retention", body: "<Retention/>", header: []string{bypassHeader, "true"}, status: 200},
		{name: "no retention", method: "GET", target: at + "&retention", status: 404, code: "NoSuchObjectLockConfiguration"},
		{name: "no hold", method: "GET", target: at + "&legal-hold", status: 200},
		{name: "govern again", method: "PUT", target: at + "&retention", body: retention("GOVERNANCE", day), status: 200},
		{name: "delete with bypass", method: "DELETE", target: at, header: []string{bypassHeader, "true"}, status: 204},
		{name: "gone", method: "GET", target: at, status: 404, code: "NoSuchVersion"},

		{name: "no mode", method: "PUT", target: "/locked/bad", body: "x", header: lockHeaders("GOVERNANCE", day)[2:], status: 400, code: "InvalidArgument"},
		{name: "no date", method: "PUT", target: "/locked/bad", body: "x", header: lockHeaders("GOVERNANCE", day)[:2], status: 400, code: "InvalidArgument"},
		{name: "unknown mode", method: "PUT", target: "/locked/bad", body: "x", header: lockHeaders("governance", day), status: 400, code: "InvalidArgument"},
		{name: "the past", method: "PUT", target: "/locked/bad", body: "x", header: lockHeaders("GOVERNANCE", time.Now().Add(-time.Hour)), status: 400, code: "InvalidArgument"},
		{name: "no time", method: "PUT", target: "/locked/bad", body: "x", header: []string{lockModeHeader, "GOVERNANCE", lockUntilHeader, "tomorrow"}, status: 400, code: "InvalidArgument"},
		{name: "unknown hold", method: "PUT", target: "/locked/bad", body: "x", header: []string{legalHoldHeader, "maybe"}, status: 400, code: "InvalidArgument"},
		{name: "nothing bad was stored", method: "HEAD", target: "/locked/bad", status: 404},
		{name: "bad retention", method: "PUT", target: "/locked/bad?retention", body: "<Retention><Mode>GOVERNANCE</Mode></Retention>", status: 400, code: "MalformedXML"},
		{name: "bad mode", method: "PUT", target: "/locked/bad?retention", body: retention("abc", day), status: 400, code: "MalformedXML"},
		{name: "bad hold", method: "PUT", target: "/locked/bad?legal-hold", body: "<LegalHold><Status>abc</Status></LegalHold>", status: 400, code: "MalformedXML"},
		{name: "retention of nothing", method: "PUT", target: "/locked/bad?retention", body: retention("GOVERNANCE", day), status: 404, code: "NoSuchKey"},
		{name: "of no version", method: "GET", target: "/locked/key?retention&versionId=x", status: 400, code: "InvalidArgument"},

		{name: "lock in a plain bucket", method: "PUT", target: "/plain/bad", body: "x", header: lockHeaders("GOVERNANCE", day), status: 400, code: "InvalidRequest"},
		{name: "no hold in a plain bucket", method: "PUT", target: "/plain/bad", body: "x", header: []string{legalHoldHeader, "OFF"}, status: 400, code: "InvalidRequest"},
		{name: "upload to a plain bucket", method: "POST", target: "/plain/bad?uploads", header: lockHeaders("GOVERNANCE", day), status: 400, code: "InvalidRequest"},
		{name: "retention in a plain bucket", method: "PUT", target: "/plain/bad?retention", body: retention("GOVERNANCE", day), status: 400, code: "InvalidRequest"},
		{name: "get it", method: "GET", target: "/plain/bad?retention", status: 400, code: "InvalidRequest"},
		{name: "hold in a plain bucket", method: "PUT", target: "/plain/bad?legal-hold", body: "<LegalHold><Status>ON</Status></LegalHold>", status: 400, code: "InvalidRequest"},
		{name: "get that", method: "GET", target: "/plain/bad?legal-hold", status: 400, code: "InvalidRequest"},
		{name: "configuration of a plain bucket", method: "GET", target: "/plain?object-lock", status: 404, code: "ObjectLockConfigurationNotFoundError"},
		{name: "configure a plain bucket", method: "PUT", target: "/plain?object-lock", body: bucketLock(""), status: 409, code: "InvalidBucketState"},
	})
	f.versioning("plain", "Enabled")
	f.run(t, []call{
		{name: "with versions it may get object lock", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Days>1</Days>"), status: 200},
		{name: "by default", method: "PUT", target: "/plain/key", body: "x", status: 200},
		{name: "locked by default", method: "HEAD", target: "/plain/key", status: 200, want: map[string]string{lockModeHeader: "GOVERNANCE"}},
		{name: "copied", method: "PUT", target: "/plain/copy", header: append(lockHeaders("COMPLIANCE", hour), copySource, "/plain/key"), status: 200},
		{name: "a copy has its own", method: "HEAD", target: "/plain/copy", status: 200, want: map[string]string{lockModeHeader: "COMPLIANCE", lockUntilHeader: xmlTime(hour)}},
		{name: "copied with a checksum", method: "PUT", target: "/plain/copy", header: []string{copySource, "/plain/copy", "X-Amz-Checksum-Algorithm", "SHA1"}, status: 200},
		{name: "a copy has the bucket's", method: "HEAD", target: "/plain/copy", status: 200, want: map[string]string{lockModeHeader: "GOVERNANCE"}},
		{name: "years", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>COMPLIANCE</Mode><Years>2</Years>"), status: 200},
		{name: "both", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>"), status: 400, code: "MalformedXML"},
		{name: "neither", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode>"), status: 400, code: "MalformedXML"},
		{name: "no days", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Days>0</Days>"), status: 400, code: "InvalidRetentionPeriod"},
		{name: "negative", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Years>-1</Years>"), status: 400, code: "InvalidRetentionPeriod"},
		{name: "for ever", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Years>101</Years>"), status: 400, code: "InvalidRetentionPeriod"},
		{name: "bad mode by default", method: "PUT", target: "/plain?object-lock", body: defaultRetention("<Mode>abc</Mode><Days>1</Days>"), status: 400, code: "MalformedXML"},
		{name: "disabled", method: "PUT", target: "/plain?object-lock", body: "<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled></ObjectLockConfiguration>", status: 400, code: "MalformedXML"},
		{name: "no rule any more", method: "PUT", target: "/plain?object-lock", body: bucketLock(""), status: 200},
		{name: "put", method: "PUT", target: "/plain/free", body: "x", status: 200},
		{name: "free", method: "HEAD", target: "/plain/free", status: 200, want: map[string]string{lockModeHeader: "-"}},
	})
	upload := f.begin("/locked/parts", lockHeaders("GOVERNANCE", day)...)
	f.run(t, []call{
		{name: "complete", method: "POST", target: upload, body: completeBody(f.part(upload, 1, "x")), status: 200},
		{name: "in parts", method: "HEAD", target: "/locked/parts", status: 200, want: map[string]string{lockModeHeader: "GOVERNANCE", lockUntilHeader: xmlTime(day)}},
	})
	g := start(t, withoutVersions).bucket("bucket")
	g.put("bucket", "key", "x")
	g.run(t, []call{
		{name: "bucket without versions", method: "PUT", target: "/locked", header: []string{bucketLockHeader, "true"}, status: 501, code: "NotImplemented"},
		{name: "lock without versions", method: "PUT", target: "/bucket/bad", body: "x", header: lockHeaders("GOVERNANCE", day), status: 501, code: "NotImplemented"},
		{name: "retention without versions", method: "PUT", target: "/bucket/key?retention", body: retention("GOVERNANCE", day), status: 501, code: "NotImplemented"},
		{name: "hold without versions", method: "GET", target: "/bucket/key?legal-hold", status: 501, code: "NotImplemented"},
		{name: "configuration without versions", method: "PUT", target: "/bucket?object-lock", body: bucketLock(""), status: 501, code: "NotImplemented"},
	})
}

// TestWhoBypassesGovernance: to want it is not enough, and who may stands in the audit log.
func TestWhoBypassesGovernance(t *testing.T) {
	f := start(t)
	f.lockedBucket("locked")
	day := time.Now().Add(24 * time.Hour)
	var ids []string
	for _, key := range []string{"a", "b", "c"} {
		ids = append(ids, f.call("PUT", "/locked/"+key, "x", lockHeaders("GOVERNANCE", day)...).header.Get(versionHeader))
	}
	free := f.call("PUT", "/locked/free", "x").header.Get(versionHeader)
	one := fmt.Sprintf("<Object><Key>b</Key><VersionId>%s</VersionId></Object>", ids[1])
	mayNot := func(_ Credential, ask Ask) error {
		if ask.Action == BypassGovernance {
			if ask.S3 != "s3:BypassGovernanceRetention" || ask.Bucket != "locked" || ask.Key == "" {
				t.Errorf("asked for %+v", ask)
			}
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	bypass := []string{bypassHeader, "true"}
	f.guard.refuse = mayNot
	f.run(t, []call{
		{name: "delete", method: "DELETE", target: "/locked/a?versionId=" + ids[0], header: bypass, status: 403, code: "AccessDenied"},
		{name: "shorten", method: "PUT", target: "/locked/a?retention&versionId=" + ids[0], body: "<Retention/>", header: bypass, status: 403, code: "AccessDenied"},
		{name: "what is not locked goes", method: "DELETE", target: "/locked/free?versionId=" + free, header: bypass, status: 204},
	})
	if a := f.call("POST", "/locked?delete", "<Delete>"+one+"</Delete>", bypass...); !strings.Contains(a.body, "<Code>AccessDenied</Code>") {
		t.Errorf("delete several: %d %s", a.status, a.body)
	}
	f.guard.mu.Lock()
	f.guard.refuse, f.guard.events = nil, nil
	f.guard.mu.Unlock()
	if a := f.call("POST", "/locked?delete", "<Delete>"+one+"</Delete>"); !strings.Contains(a.body, "<Code>AccessDenied</Code>") {
		t.Errorf("delete several without asking: %d %s", a.status, a.body)
	}
	if a := f.call("POST", "/locked?delete", "<Delete>"+one+"</Delete>", bypass...); !strings.Contains(a.body, "<Deleted>") {
		t.Errorf("delete several: %d %s", a.status, a.body)
	}
	f.run(t, []call{
		{name: "delete at last", method: "DELETE", target: "/locked/a?versionId=" + ids[0], header: bypass, status: 204},
		{name: "put", method: "PUT", target: "/locked/c", body: "x", header: bypass, status: 200},
	})
	f.server.Close()
	var got []string
	for _, e := range f.guard.events {
		got = append(got, e.Operation+" "+e.Key+" "+e.Outcome)
	}
	if want := "DeleteObjects  ok; DeleteObject a ok"; strings.Join(got, "; ") != want {
		t.Errorf("audited %q", got)
	}
}

// TestNobodyLoosensCompliance has somebody who may do everything try every call there
// is, in every way that could help. What compliance keeps is there afterwards, as long
// as before.
func TestNobodyLoosensCompliance(t *testing.T) {
	f := start(t)
	f.lockedBucket("locked")
	until := time.Now().UTC().Add(24 * time.Hour).Truncate(time.Millisecond)
	put := f.call("PUT", "/locked/key", "kept", lockHeaders("COMPLIANCE", until)...)
	id := put.header.Get(versionHeader)
	if id == "" {
		t.Fatalf("%d %s", put.status, put.body)
	}
	at, hour := "/locked/key?versionId="+id, time.Now().Add(time.Hour)
	kept := func(after string) {
		t.Helper()
		a := f.call("GET", at, "")
		left, err := time.Parse(time.RFC3339, a.header.Get(lockUntilHeader))
		if a.status != 200 || a.body != "kept" || a.header.Get(lockModeHeader) != "COMPLIANCE" || err != nil || left.Before(until) {
			t.Fatalf("%s: %d %s %v", after, a.status, a.body, a.header)
		}
	}
	version := "<VersionId>" + id + "</VersionId>"
	source := []string{copySource, at}
	upload := f.begin("/locked/key")
	etag := f.part(upload, 1, "other")
	f.call("PUT", "/locked/from", "another")
	refused := []call{
		{name: "rename", method: "PUT", target: "/locked/to?renameObject", header: []string{renameSource, "/locked/key"}},
		{name: "rename that version", method: "PUT", target: "/locked/to?renameObject", header: []string{renameSource, at}},
		{name: "rename something over it", method: "PUT", target: "/locked/key?renameObject", header: []string{renameSource, "/locked/from"}},
		{name: "restore it for a day", method: "POST", target: at + "&restore", body: "<RestoreRequest><Days>1</Days></RestoreRequest>"},
		{name: "delete the bucket by force", method: "DELETE", target: "/locked", header: []string{"X-Minio-Force-Delete", "true"}},
		{name: "delete", method: "DELETE", target: at},
		{name: "delete on condition", method: "DELETE", target: at, header: []string{"If-Match", "*"}},
		{name: "delete as a replica", method: "DELETE", target: at, header: []string{replicaHeader, "true"}},
		{name: "shorten", method: "PUT", target: at + "&retention", body: retention("COMPLIANCE", hour)},
		{name: "loosen", method: "PUT", target: at + "&retention", body: retention("GOVERNANCE", until.Add(time.Hour))},
		{name: "remove", method: "PUT", target: at + "&retention", body: "<Retention/>"},
		{name: "remove with blanks", method: "PUT", target: at + "&retention", body: "<Retention>\n</Retention>"},
		{name: "shorten the latest", method: "PUT", target: "/locked/key?retention", body: retention("COMPLIANCE", hour)},
		{name: "into the past", method: "PUT", target: at + "&retention", body: retention("COMPLIANCE", time.Now().Add(-time.Hour))},
		{name: "suspend", method: "PUT", target: "/locked?versioning", body: "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"},
		{name: "disable", method: "PUT", target: "/locked?object-lock", body: "<ObjectLockConfiguration><ObjectLockEnabled>Disabled</ObjectLockEnabled></ObjectLockConfiguration>"},
		{name: "delete the bucket", method: "DELETE", target: "/locked"},
		{name: "make the bucket again", method: "PUT", target: "/locked"},
	}
	allowed := []call{
		{name: "delete several", method: "POST", target: "/locked?delete", body: "<Delete><Object><Key>key</Key>" + version + "</Object></Delete>"},
		{name: "delete it twice", method: "POST", target: "/locked?delete", body: "<Delete><Object><Key>key</Key>" + version + "</Object><Object><Key>key</Key>" + version + "</Object></Delete>"},
		{name: "delete by force", method: "DELETE", target: "/locked/key", header: []string{"X-Minio-Force-Delete", "true"}},
		{name: "delete null", method: "DELETE", target: "/locked/key?versionId=null"},
		{name: "hold", method: "PUT", target: at + "&legal-hold", body: "<LegalHold><Status>ON</Status></LegalHold>"},
		{name: "release", method: "PUT", target: at + "&legal-hold", body: "<LegalHold><Status>OFF</Status></LegalHold>"},
		{name: "tag", method: "PUT", target: at + "&tagging", body: "<Tagging><TagSet/></Tagging>"},
		{name: "no default", method: "PUT", target: "/locked?object-lock", body: bucketLock("")},
		{name: "a short default", method: "PUT", target: "/locked?object-lock", body: defaultRetention("<Mode>GOVERNANCE</Mode><Days>1</Days>")},
		{name: "copy onto itself", method: "PUT", target: "/locked/key", header: append(lockHeaders("GOVERNANCE", hour), source...)},
		{name: "overwrite", method: "PUT", target: "/locked/key", body: "other", header: lockHeaders("GOVERNANCE", hour)},
		{name: "complete an upload over it", method: "POST", target: upload, body: completeBody(etag)},
		{name: "delete the latest", method: "DELETE", target: "/locked/key"},
		{name: "lengthen", method: "PUT", target: at + "&retention", body: retention("COMPLIANCE", until.Add(time.Hour))},
	}
	bypass := []string{bypassHeader, "true"}
	for i, c := range append(refused, allowed...) {
		for _, header := range [][]string{bypass, nil} {
			a := f.call(c.method, c.target, c.body, append(append([]string{}, c.header...), header...)...)
			if i < len(refused) && a.status < 400 {
				t.Errorf("%s: %d %s", c.name, a.status, a.body)
			}
			kept(c.name)
		}
	}
	// Whatever calls there are, as plain as they come and aimed at the version.
	for _, op := range operations() {
		if op.method == http.MethodGet || op.method == http.MethodHead {
			continue
		}
		target, body, header := op.request()
		target = strings.Replace(strings.Replace(target, "/bucket/key", "/locked/key", 1), "/bucket", "/locked", 1)
		for i := range header {
			header[i] = strings.Replace(header[i], "/bucket/key", at, 1)
		}
		if op.name == "RenameObject" {
			header = append(header, renameSource, "/locked/key")
		}
		join := "?"
		if strings.Contains(target, "?") {
			join = "&"
		}
		for _, aimed := range []string{target, target + join + "versionId=" + id} {
			f.call(op.method, aimed, body, append(append([]string{}, header...), bypass...)...)
			kept(op.name + " " + aimed)
		}
	}
}

func TestLocksInClients(t *testing.T) {
	f := start(t)
	ctx := t.Context()
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	client, bucket, key := awsClient(f), aws.String("bucket"), aws.String("key")
	_, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket, ObjectLockEnabledForBucket: aws.Bool(true)})
	must("create", err)
	_, err = client.PutObjectLockConfiguration(ctx, &s3.PutObjectLockConfigurationInput{Bucket: bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{
		ObjectLockEnabled: types.ObjectLockEnabledEnabled,
		Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(2)}},
	}})
	must("configure", err)
	config, err := client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: bucket})
	if err != nil || config.ObjectLockConfiguration.Rule.DefaultRetention.Mode != types.ObjectLockRetentionModeGovernance || aws.ToInt32(config.ObjectLockConfiguration.Rule.DefaultRetention.Days) != 2 {
		t.Errorf("configuration %+v, %v", config, err)
	}
	put, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: key, Body: strings.NewReader("x"), ObjectLockLegalHoldStatus: types.ObjectLockLegalHoldStatusOn})
	must("put", err)
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: key})
	if err != nil || head.ObjectLockMode != types.ObjectLockModeGovernance || head.ObjectLockLegalHoldStatus != types.ObjectLockLegalHoldStatusOn || time.Until(aws.ToTime(head.ObjectLockRetainUntilDate)) < 47*time.Hour {
		t.Errorf("head %+v, %v", head, err)
	}
	minioGo := minioClient(t, f, false)
	off, on := minio.LegalHoldDisabled, minio.LegalHoldEnabled
	hold, err := minioGo.GetObjectLegalHold(ctx, "bucket", "key", minio.GetObjectLegalHoldOptions{})
	if err != nil || *hold != on {
		t.Errorf("hold %v, %v", hold, err)
	}
	must("release", minioGo.PutObjectLegalHold(ctx, "bucket", "key", minio.PutObjectLegalHoldOptions{Status: &off}))
	err = minioGo.RemoveObject(ctx, "bucket", "key", minio.RemoveObjectOptions{VersionID: *put.VersionId})
	if minio.ToErrorResponse(err).Code != "AccessDenied" {
		t.Errorf("remove: %v", err)
	}
	mode, until := minio.Compliance, time.Now().UTC().Add(72*time.Hour).Truncate(time.Second)
	must("retain", minioGo.PutObjectRetention(ctx, "bucket", "key", minio.PutObjectRetentionOptions{Mode: &mode, RetainUntilDate: &until, GovernanceBypass: true}))
	gotMode, gotUntil, err := minioGo.GetObjectRetention(ctx, "bucket", "key", "")
	if err != nil || *gotMode != mode || !gotUntil.Equal(until) {
		t.Errorf("retention %v %v, %v", gotMode, gotUntil, err)
	}
	err = minioGo.RemoveObject(ctx, "bucket", "key", minio.RemoveObjectOptions{VersionID: *put.VersionId, GovernanceBypass: true})
	if minio.ToErrorResponse(err).Code != "AccessDenied" {
		t.Errorf("remove under compliance: %v", err)
	}
	b, err := f.store.Bucket(ctx, "bucket")
	if err != nil || b.Versioning != objectstore.VersioningEnabled || !b.ObjectLock {
		t.Errorf("bucket %+v, %v", b, err)
	}
}
