package cli_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"croft/internal/cli"
)

func TestExpandPools(t *testing.T) {
	f := func(args, want, wantErr string) {
		t.Helper()
		pools, err := cli.ExpandPools(strings.Fields(args))
		var words []string
		for i, p := range pools {
			if i > 0 {
				words = append(words, "+")
			}
			words = append(words, p...)
		}
		if wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), wantErr) {
				t.Errorf("%s: error %v, want %q", args, err, wantErr)
			}
			return
		}
		if got := strings.Join(words, " "); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", args, got, err, want)
		}
	}
	f("./data", "./data", "")
	f(`D:\croft`, `D:\croft`, "")
	f("/mnt/disk{1...3}", "/mnt/disk1 /mnt/disk2 /mnt/disk3", "")
	f("/d{08...10}/x", "/d08/x /d09/x /d10/x", "")
	f("/s{1...2}/d{1...2}", "/s1/d1 /s1/d2 /s2/d1 /s2/d2", "")
	f("/a /b", "/a /b", "")
	f("/a /d{1...2} /b", "/a /d1 /d2 /b", "")
	f("/d{1...2} /e{1...2}", "/d1 /d2 + /e1 /e2", "")
	f("/a /d{1...2} /b /e{1...1}", "/a /b + /d1 /d2 + /e1", "")
	f("", "", "no drive was given")
	f("/d{1..3}", "", "three dots")
	f("/d{3...1}", "", "backwards")
	f("/d{1...9999999}", "", "at most")
	f("/d{1...99999999999999999999}", "", "at most")
	f("/d{1...1000}{1...1000}", "", "at most")
	f("/d{1...2} /d2", "", "named twice")
	if _, err := cli.ExpandPools([]string{""}); err == nil {
		t.Error("an empty path was accepted")
	}
}

func TestParse(t *testing.T) {
	none := func(string) string { return "" }
	root := func(key string) string {
		return map[string]string{
			"CROFT_ROOT_USER": "admin", "CROFT_ROOT_PASSWORD": "long enough", "CROFT_KMS_MASTER_KEY": "key", "CROFT_KMS_COMMAND": "kms x",
		}[key]
	}
	cmd, err := cli.Parse([]string{"server", "--parity", "1", "/a", "--address", "127.0.0.1:1", "/b", "--reduced-parity=0", "/c", "--trusted-proxies", "10.0.0.2, fd00::/8"}, root, "")
	if err != nil {
		t.Fatal(err)
	}
	s := cmd.Server
	if s.Parity != 1 || s.Address != "127.0.0.1:1" || s.ConsoleAddress != ":9001" || len(s.Pools) != 1 || len(s.Pools[0]) != 3 || s.RootUser != "admin" ||
		s.ReducedParity == nil || *s.ReducedParity != 0 || s.MasterKeys != "key" || s.KeyCommand != "kms x" || s.OpenBrowser ||
		!slices.Equal(s.TrustedProxies, []netip.Prefix{netip.MustParsePrefix("10.0.0.2/32"), netip.MustParsePrefix("fd00::/8")}) {
		t.Errorf("got %+v", s)
	}
	if cmd, err = cli.Parse(nil, none, "/home/me/Croft"); err != nil || !cmd.Server.OpenBrowser || cmd.Server.ReducedParity != nil || cmd.Server.Pools[0][0] != "/home/me/Croft" {
		t.Errorf("double-click: %+v, %v", cmd.Server, err)
	}
	f := func(args, wantErr string, getenv func(string) string) {
		t.Helper()
		if _, err := cli.Parse(strings.Fields(args), getenv, ""); err == nil || !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%s: error %v, want %q", args, err, wantErr)
		}
	}
	if cmd, err = cli.Parse([]string{"objectstore", "reindex", "/a{1...2}", "--state", "/s"}, none, ""); err != nil ||
		cmd.Reindex == nil || cmd.Reindex.StateDir != "/s" || len(cmd.Reindex.Pools[0]) != 2 {
		t.Errorf("reindex: %+v, %v", cmd.Reindex, err)
	}
	f("objectstore", "reindex", none)
	f("objectstore reindex", "no drive", none)
	f("serve /a", "not a command", none)
	f("server --trusted-proxies proxy /a", `"proxy" is neither an address`, none)
	f("server --store s3://h/croft", "--state", none)
	f("server --store s3://h/croft --state /s /a", "only one", none)
	f("server --store s3://h/croft --state /s --parity 1", "--parity", none)
	f("server --store s3://h/croft --state /s --reduced-parity 1", "--reduced-parity", none)
	f("server --prity 2 /a", "prity", none)
	f("server --address 9000 /a", "HOST:PORT", none)
	f("server", "no drive", none)
	f("server /a", "go together", func(k string) string { return strings.TrimPrefix(k, "CROFT_ROOT_PASSWORD") })
}
