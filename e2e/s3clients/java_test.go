package s3clients

import (
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"croft/e2e"
)

// needJava returns the compiler, the machine, and the class path of jets3t and of those
// of Spring's classes that receive and send files, as Debian packs them.
func needJava(t *testing.T) (javac, java, classes string) {
	t.Helper()
	javac, java = e2e.NeedCommand(t, "javac"), e2e.NeedCommand(t, "java")
	var jars []string
	for _, name := range []string{
		"jets3t", "commons-httpclient", "commons-codec", "commons-logging", "java-xmlbuilder",
		"spring3-web", "spring3-core", "commons-fileupload", "commons-io", "servlet-api",
	} {
		jar := filepath.Join("/usr/share/java", name+".jar")
		if _, err := os.Stat(jar); err != nil {
			e2e.Lack(t, "no "+jar+" on this machine")
		}
		jars = append(jars, jar)
	}
	return javac, java, strings.Join(jars, string(os.PathListSeparator))
}

// TestJava compiles testdata/java and runs it: an application with jets3t, which signs
// with Signature Version 2, and a Spring-style upload, of which what goes to the bucket
// directly is signed with Version 4.
func TestJava(t *testing.T) {
	t.Parallel()
	javac, java, classes := needJava(t)
	e := serve(t, "--s3-signature-v2")
	c := newClient(t, javac, e)
	sources, err := fs.Glob(os.DirFS("testdata/java"), "*.java")
	if err != nil || len(sources) == 0 {
		t.Fatal(sources, err)
	}
	args := []string{"-d", c.dir, "-cp", classes, "-Xlint:-deprecation"}
	for _, source := range sources {
		path, err := filepath.Abs(filepath.Join("testdata", "java", source))
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	c.run(args...)

	// For a short run on a machine that others use, and quiet about answers that are no faults.
	c.program, c.args = java, []string{"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.util.logging.config.file=" + os.DevNull, "-cp", c.dir + string(os.PathListSeparator) + classes}
	t.Run("jets3t", func(t *testing.T) {
		c.t = t
		contains(t, c.run("Jets3tClient", e.url, e.key, e.secret, "jets3t", c.dir), "all good")
	})
	t.Run("Spring", func(t *testing.T) {
		c.t = t
		s3, err := minio.New(e.host(), &minio.Options{Creds: credentials.NewStaticV4(e.key, e.secret, ""), Region: "us-east-1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s3.MakeBucket(t.Context(), "spring", minio.MakeBucketOptions{}); err != nil {
			t.Fatal(err)
		}
		args := []string{"SpringUpload", e.url, e.key, e.secret, "spring"}
		for _, link := range []func() (*url.URL, error){
			func() (*url.URL, error) { return s3.PresignedPutObject(t.Context(), "spring", "linked", time.Minute) },
			func() (*url.URL, error) {
				return s3.PresignedGetObject(t.Context(), "spring", "linked", time.Minute, nil)
			},
		} {
			u, err := link()
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, u.String())
		}
		policy := minio.NewPostPolicy()
		for _, err := range []error{policy.SetBucket("spring"), policy.SetKey("formed"), policy.SetExpires(time.Now().Add(time.Minute)), policy.SetContentLengthRange(1, 30<<20)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		_, fields, err := s3.PresignedPostPolicy(t.Context(), policy)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range fields {
			args = append(args, name+"="+value)
		}
		contains(t, c.run(args...), "all good")
	})
}
