package app_test

import (
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
)

func TestS3KeepsCroftsOwnBucketNames(t *testing.T) {
	c := config(t.TempDir())
	c.RootUser, c.RootPassword = "operator", "a long enough secret"
	_, address := start(t, c).addresses()
	client := s3Client(t, address, c)
	if err := client.MakeBucket(t.Context(), "plain", minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"croft-own", "website-artifacts"} {
		err := client.MakeBucket(t.Context(), name, minio.MakeBucketOptions{})
		if minio.ToErrorResponse(err).Code != "AccessDenied" || !strings.Contains(err.Error(), "belong to") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
