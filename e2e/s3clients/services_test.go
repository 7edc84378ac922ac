package s3clients

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"croft/e2e"
)

// TestBucketServices has the aws command line and boto3 set what Croft does by itself:
// reports of what is in a bucket, which they then query, and copies to another Croft.
func TestBucketServices(t *testing.T) {
	t.Parallel()
	program := e2e.NeedCommand(t, "aws")
	python := needBoto3(t)
	const key, secret = "clients", "a-secret/of+the=clients"
	croft := e2e.New(t, 4).WithAccount(key, secret).Start()
	console := e2e.Login(t, croft.Console, key, secret)
	e := endpoint{croft.S3, key, secret}
	aws := newClient(t, program, e)
	document := func(name, text string) string {
		path := filepath.Join(aws.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	api := func(t *testing.T, bucket, call string, args ...string) string {
		t.Helper()
		aws.t = t
		return aws.run(append([]string{"s3api", call, "--bucket", bucket}, args...)...)
	}
	data := document("people.csv", "name,age\nAda,36\nKim,7\nLin,51\n")
	aws.run("s3", "mb", "s3://data")
	aws.run("s3", "mb", "s3://reports")
	aws.run("s3", "cp", data, "s3://data/people.csv")
	aws.run("s3", "cp", document("people.json", `{"name":"Ada","age":36}`+"\n"+`{"name":"Kim","age":7}`+"\n"), "s3://data/people.json")

	t.Run("inventory and select", func(t *testing.T) {
		config := document("inventory.json", `{"Id":"all","IsEnabled":true,"IncludedObjectVersions":"Current","Schedule":{"Frequency":"Daily"},
			"Destination":{"S3BucketDestination":{"Bucket":"arn:aws:s3:::reports","Format":"Parquet","Prefix":"lists"}},"OptionalFields":["Size","ETag"]}`)
		api(t, "data", "put-bucket-inventory-configuration", "--id", "all", "--inventory-configuration", "file://"+config)
		contains(t, api(t, "data", "get-bucket-inventory-configuration", "--id", "all"), `"Format": "Parquet"`, `"Prefix": "lists"`)
		contains(t, api(t, "data", "list-bucket-inventory-configurations"), `"Id": "all"`)
		aws.refused("IdMismatch", "s3api", "put-bucket-inventory-configuration", "--bucket", "data", "--id", "other", "--inventory-configuration", "file://"+config)
		console.Must(t, http.MethodPost, "/api/v1/buckets/data/inventory/all/run", nil, nil)
		report := inventoryFile(t, console, aws)

		query := func(object, input, statement string) string {
			t.Helper()
			out := filepath.Join(aws.dir, "records")
			bucket, key, _ := strings.Cut(object, "/")
			api(t, bucket, "select-object-content", "--key", key, "--expression-type", "SQL", "--expression", statement,
				"--input-serialization", input, "--output-serialization", `{"CSV":{}}`, out)
			return read(t, out)
		}
		for _, c := range []struct{ object, input, statement, want string }{
			{"data/people.csv", `{"CSV":{"FileHeaderInfo":"USE"}}`, "SELECT s.name FROM S3Object s WHERE CAST(s.age AS INT) > 30", "Ada\nLin\n"},
			{"data/people.json", `{"JSON":{"Type":"LINES"}}`, "SELECT s.name, s.age FROM S3Object s WHERE s.age < 30", "Kim,7\n"},
			{report, `{"Parquet":{}}`, `SELECT s."key", s."size" FROM S3Object s WHERE s."key" LIKE '%.csv'`, "people.csv,29\n"},
		} {
			if got := query(c.object, c.input, c.statement); got != c.want {
				t.Errorf("%s of %s: %q, want %q", c.statement, c.object, got, c.want)
			}
		}
		aws.refused("ParseUnexpectedToken", "s3api", "select-object-content", "--bucket", "data", "--key", "people.csv", "--expression-type", "SQL", "--expression", "SELECT FROM",
			"--input-serialization", `{"CSV":{}}`, "--output-serialization", `{"CSV":{}}`, filepath.Join(aws.dir, "records"))
		script, err := filepath.Abs(filepath.Join("testdata", "boto3_select.py"))
		if err != nil {
			t.Fatal(err)
		}
		bucket, name, _ := strings.Cut(report, "/")
		contains(t, newClient(t, python, e).run(script, "boto3-select", bucket, name), "all good")
		api(t, "data", "delete-bucket-inventory-configuration", "--id", "all")
		aws.refused("NoSuchConfiguration", "s3api", "get-bucket-inventory-configuration", "--bucket", "data", "--id", "all")
	})

	t.Run("replication", func(t *testing.T) {
		there := e2e.New(t, 1).WithAccount(key, secret).Start()
		other := newClient(t, program, endpoint{there.S3, key, secret})
		other.run("s3", "mb", "s3://copies")
		console.Must(t, http.MethodPost, "/api/v1/buckets/data/replication", map[string]any{
			"endpoint": there.S3, "targetBucket": "copies", "accessKey": key, "secretKey": secret, "deletes": false, "existing": false,
		}, nil)
		config := func(bucket string) string {
			return "file://" + document("replication.json", `{"Role":"arn:aws:iam::000000000000:role/any","Rules":[{"ID":"docs","Status":"Enabled","Priority":1,
				"Filter":{"Prefix":"docs/"},"DeleteMarkerReplication":{"Status":"Disabled"},"Destination":{"Bucket":"arn:aws:s3:::`+bucket+`"}}]}`)
		}
		aws.t = t
		aws.refused("InvalidRequest", "s3api", "put-bucket-replication", "--bucket", "data", "--replication-configuration", config("nowhere"))
		api(t, "data", "put-bucket-replication", "--replication-configuration", config("copies"))
		contains(t, api(t, "data", "get-bucket-replication"), `"ID": "docs"`, `"Prefix": "docs/"`)

		there.Kill() // so that it is seen to wait
		aws.run("s3", "cp", data, "s3://data/docs/people.csv", "--metadata", "colour=blue")
		status := func() string {
			var head struct{ ReplicationStatus string }
			if err := json.Unmarshal([]byte(api(t, "data", "head-object", "--key", "docs/people.csv")), &head); err != nil {
				t.Fatal(err)
			}
			return head.ReplicationStatus
		}
		if is := status(); is != "PENDING" && is != "FAILED" {
			t.Errorf("replication status %q while the target is away", is)
		}
		there.Start()
		for is := status(); is != "COMPLETED"; is = status() {
			if t.Context().Err() != nil {
				t.Fatalf("replication status %q", is)
			}
		}
		other.t = t
		contains(t, other.run("s3api", "head-object", "--bucket", "copies", "--key", "docs/people.csv"), `"ReplicationStatus": "REPLICA"`, `"colour": "blue"`)
		other.refused("404", "s3api", "head-object", "--bucket", "copies", "--key", "people.csv")
		api(t, "data", "delete-bucket-replication")
		aws.refused("ReplicationConfigurationNotFoundError", "s3api", "get-bucket-replication", "--bucket", "data")
	})
}

// inventoryFile waits for the report of the bucket data and returns the object that
// holds its list, as bucket/key.
func inventoryFile(t *testing.T, console *e2e.API, aws *client) string {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		var all struct {
			Reports []struct{ Manifest, Problem string }
		}
		console.Must(t, http.MethodGet, "/api/v1/buckets/data/inventory", nil, &all)
		if len(all.Reports) == 1 && all.Reports[0].Problem != "" {
			t.Fatal(all.Reports[0].Problem)
		}
		if len(all.Reports) == 1 && all.Reports[0].Manifest != "" {
			var manifest struct{ Files []struct{ Key string } }
			text := aws.run("s3", "cp", "s3://reports/"+all.Reports[0].Manifest, "-")
			if err := json.Unmarshal([]byte(text), &manifest); err != nil || len(manifest.Files) != 1 {
				t.Fatalf("%s: %v", text, err)
			}
			return "reports/" + manifest.Files[0].Key
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("no report was made")
		}
	}
}
