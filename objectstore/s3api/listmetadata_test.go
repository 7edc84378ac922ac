package s3api

import (
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"

	"croft/internal/errs"
)

// TestListWithMetadata: MinIO's client finds metadata and tags in listings, of what may be
// read and of nothing else.
func TestListWithMetadata(t *testing.T) {
	f := start(t).bucket("bucket")
	client := minioClient(t, f, false)
	if a := f.call("PUT", "/bucket/a", "x", "X-Amz-Meta-Color", "blue & <red>", "X-Amz-Meta-Odd!", "x", "X-Amz-Tagging", "b=c%3Dd", "Cache-Control", "no-store", "Content-Type", "image/png"); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	f.call("PUT", "/bucket/secret", "x", "X-Amz-Meta-Color", "hidden-one", "X-Amz-Tagging", "t=hidden-two")
	f.call("PUT", "/bucket/mine", "x", append([]string{"X-Amz-Meta-Color", "hidden-three"}, keyHeaders(requestPrefix, "k")...)...)
	f.guard.refuse = func(_ Credential, ask Ask) error {
		if strings.HasPrefix(ask.S3, "s3:GetObject") && ask.Key == "secret" {
			return errs.New(errs.Forbidden, "forbidden", "No.")
		}
		return nil
	}
	for _, versions := range []bool{false, true} {
		found := 0
		for o := range client.ListObjects(t.Context(), "bucket", minio.ListObjectsOptions{WithMetadata: true, WithVersions: versions, Recursive: true}) {
			found++
			switch {
			case o.Err != nil:
				t.Fatal(o.Err)
			case o.Key != "a":
				if len(o.UserTags) > 0 || strings.Contains(strings.Join(values(o.UserMetadata), " "), "hidden") {
					t.Errorf("%+v", o)
				}
			case o.UserMetadata["X-Amz-Meta-color"] != "blue & <red>" || o.UserMetadata["content-type"] != "image/png" || o.UserMetadata["cache-control"] != "no-store" ||
				len(o.UserMetadata) != 3 || o.UserTags["b"] != "c=d":
				t.Errorf("%+v, %+v", o.UserMetadata, o.UserTags)
			}
		}
		if found != 3 {
			t.Errorf("%d objects", found)
		}
	}
	for _, target := range []string{"/bucket?list-type=2&metadata=true", "/bucket?versions&metadata=true"} {
		if a := f.call("GET", target, ""); a.status != 200 || strings.Contains(a.body, "hidden") || !strings.Contains(a.body, "blue") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	for _, target := range []string{"/bucket?list-type=2", "/bucket?metadata=true", "/bucket?list-type=2&metadata=false"} {
		if a := f.call("GET", target, ""); a.status != 200 || strings.Contains(a.body, "blue") {
			t.Errorf("%s: %d %s", target, a.status, a.body)
		}
	}
	for _, e := range f.guard.events {
		if e.Outcome == "AccessDenied" {
			t.Errorf("a listing is audited as refused: %+v", e)
		}
	}
}

func values(m map[string]string) (all []string) {
	for _, v := range m {
		all = append(all, v)
	}
	return all
}
