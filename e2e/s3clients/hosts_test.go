package s3clients

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"croft/e2e"
)

// testDomain is a name that no resolver knows.
const testDomain = "s3.croft.test"

// serveDomain starts the real program with a host name for each bucket, and returns it as
// clients see it that reach every name by a proxy, which notes the names.
func serveDomain(t *testing.T) (e endpoint, proxy string, asked *sync.Map) {
	t.Helper()
	const key, secret = "clients", "a-secret/of+the=clients"
	c := e2e.New(t, 4).WithAccount(key, secret)
	c.Flags = append(c.Flags, "--s3-domain", testDomain)
	target := strings.TrimPrefix(c.Start().S3, "http://")
	transport := &http.Transport{DisableCompression: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, target)
	}}
	asked = new(sync.Map)
	server := httptest.NewServer(&httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.Host = r.In.Host
		asked.Store(r.In.Host, true)
	}})
	t.Cleanup(server.Close)
	t.Cleanup(transport.CloseIdleConnections)
	return endpoint{"http://" + testDomain, key, secret}, server.URL, asked
}

// through has the client reach everything by the proxy.
func (c *client) through(proxy string) *client {
	for i, pair := range c.env {
		if strings.HasPrefix(strings.ToLower(pair), "no_proxy=") {
			c.env[i] = "X_" + pair
		}
	}
	c.env = append(c.env, "HTTP_PROXY="+proxy, "http_proxy="+proxy)
	return c
}

// TestVirtualHosts has clients address buckets by host names, as they do by themselves
// with AWS: uploads small and in parts, odd names, listings and links.
func TestVirtualHosts(t *testing.T) {
	t.Parallel()
	aws, rclone := e2e.NeedCommand(t, "aws"), e2e.NeedCommand(t, "rclone")
	e, proxy, asked := serveDomain(t)
	through, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(through)}}
	t.Cleanup(browser.CloseIdleConnections)

	r := newClient(t, rclone, e, "--retries=1", "--low-level-retries=1").through(proxy)
	text := fmt.Sprintf("[croft]\ntype = s3\nprovider = Other\naccess_key_id = %s\nsecret_access_key = %s\nendpoint = %s\nregion = us-east-1\nforce_path_style = false\n", e.key, e.secret, e.url)
	if err := os.WriteFile(filepath.Join(r.dir, "rclone.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tree := r.tree("tree")
	r.run("mkdir", "croft:second")
	r.run("copy", tree, "croft:second/tree")
	r.run("check", "--download", tree, "croft:second/tree")
	r.run("mkdir", "croft:first")

	c := newClient(t, aws, e).through(proxy)
	if err := os.WriteFile(filepath.Join(c.dir, "config"), []byte("[default]\ns3 =\n  signature_version = s3v4\n  addressing_style = virtual\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	large, down := c.file("large.bin", 12<<20), filepath.Join(c.dir, "down")
	c.run("s3", "cp", large, "s3://first/odd +%中.bin")
	c.run("s3", "cp", "s3://first/odd +%中.bin", down)
	c.same(large, down)
	contains(t, c.run("s3", "ls", "s3://first"), "odd +%中.bin")
	link := strings.TrimSpace(c.run("s3", "presign", "s3://first/odd +%中.bin"))
	if !strings.HasPrefix(link, "http://first."+testDomain+"/odd") {
		t.Errorf("the link is not of the bucket's host: %s", link)
	}
	response, err := browser.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ContentLength != 12<<20 {
		t.Errorf("the link: %d, %d bytes", response.StatusCode, response.ContentLength)
	}
	for _, bucket := range []string{"first", "second"} {
		if _, ok := asked.Load(bucket + "." + testDomain); !ok {
			t.Errorf("nobody asked for %s by its host name", bucket)
		}
	}
}
