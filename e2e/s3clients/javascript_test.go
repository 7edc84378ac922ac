package s3clients

import (
	"path/filepath"
	"testing"

	"croft/e2e"
)

// TestJavaScript runs the AWS SDK for JavaScript v3 and MinIO's client, as
// testdata/*.mjs use them.
func TestJavaScript(t *testing.T) {
	t.Parallel()
	node := e2e.NeedCommand(t, "node")
	e := serve(t)
	for _, name := range []string{"aws_sdk", "minio"} {
		t.Run(name, func(t *testing.T) {
			script, err := filepath.Abs(filepath.Join("testdata", name+".mjs"))
			if err != nil {
				t.Fatal(err)
			}
			contains(t, newClient(t, node, e).run(script, "js-"+map[string]string{"aws_sdk": "aws", "minio": "minio"}[name]), "all good")
		})
	}
}
