package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

func TestHouseRules(t *testing.T) {
	for _, v := range Violations(load(t)) {
		t.Error(v)
	}
}

// TestRulesCanFail proves that each kind of rule is able to say no.
func TestRulesCanFail(t *testing.T) {
	f := func(p Package, fragment string) {
		t.Helper()
		got := strings.Join(Violations([]Package{p}), "\n")
		if fragment == "" && got != "" || !strings.Contains(got, fragment) {
			t.Errorf("%v: got %q, want %q", p, got, fragment)
		}
	}
	f(Package{"croft/chat", []string{"croft/pipeline"}}, "room chat may not import room pipeline")
	f(Package{"croft/account", []string{"croft/server"}}, "may not import room server")
	f(Package{"croft/util", nil}, "in no room")
	f(Package{"croft/chat", []string{"github.com/gin-gonic/gin"}}, "only server, tests may import it")
	f(Package{"croft/objectstore", []string{"github.com/minio/minio-go/v7"}}, "only objectstore/mirror, objectstore/remote, objectstore/replication, objectstore/tiering, objectstore/webdav, tests may import it")
	f(Package{"croft/objectstore", []string{"github.com/aws/aws-sdk-go-v2/aws"}}, "only tests may import it")
	f(Package{"croft/objectstore", []string{"github.com/klauspost/reedsolomon"}}, "only objectstore/erasure")
	f(Package{"croft/pipeline", []string{"github.com/docker/docker/client"}}, "only pipeline/docker")
	f(Package{"croft/internal/errs", []string{"croft/internal/store"}}, "may not import room internal/store")
	f(Package{"croft/chat", []string{"croft/internal/errs", "fmt"}}, "")
	f(Package{"croft/server/inner", []string{"github.com/gin-gonic/gin"}}, "")
}

func load(t *testing.T) []Package {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "croft/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}
