package cli_test

import (
	"strings"
	"testing"

	"croft/internal/cli"
)

func TestDomains(t *testing.T) {
	f := func(args, environment, want, wantErr string) {
		t.Helper()
		cmd, err := cli.Parse(strings.Fields("server /a "+args), func(name string) string {
			if name == "CROFT_S3_DOMAIN" {
				return environment
			}
			return ""
		}, "")
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("%s: error %v, want %q", args, err, wantErr)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", args, err)
		}
		if got := strings.Join(cmd.Server.S3.Domains, " "); got != want {
			t.Errorf("%s: got %q, want %q", args, got, want)
		}
	}
	f("", "", "", "")
	f("--s3-domain s3.example.com", "", "s3.example.com", "")
	f("--s3-domain S3.Example.com --s3-domain=localhost --s3-domain localhost", "env.example.com", "s3.example.com localhost", "")
	f("", "a.example.com, b-2.example.com", "a.example.com b-2.example.com", "")
	for _, bad := range []string{"http://s3.example.com", "s3.example.com:9000", "*.example.com", ".example.com", "example..com", "-a.com", "10.0.0.1", "ex_ample.com", strings.Repeat("a", 64) + ".com"} {
		f("--s3-domain "+bad, "", "", "without a scheme")
	}
	f("", "a.example.com,", "", "without a scheme")

	cmd, err := cli.Parse(strings.Fields("server --s3-signature-v2 /a --s3-domain s3.example.com --s3-website-domain WEB.example.com"), func(string) string { return "" }, "")
	if err != nil || strings.Join(cmd.Server.S3.WebsiteDomains, " ") != "web.example.com" || !cmd.Server.S3.SignatureV2 {
		t.Errorf("%+v, %v", cmd.Server, err)
	}
	f("--s3-domain s3.example.com --s3-website-domain s3.example.com", "", "", "of their own")
	f("--s3-website-domain *.example.com", "", "", "--s3-website-domain")
}
