package forwarded_test

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"croft/internal/forwarded"
)

var proxies = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("2001:db8:1::/64"), netip.MustParsePrefix("fe80::1/128"),
}

// through sends a request through Handler and returns what it tells of the client.
func through(peer string, header http.Header) (address string, secure bool) {
	r := httptest.NewRequest("GET", "/", nil)
	r.RemoteAddr, r.Header = peer, header
	forwarded.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		address, secure = forwarded.Address(r), forwarded.Secure(r)
	}), proxies).ServeHTTP(nil, r)
	return address, secure
}

func TestBehindProxies(t *testing.T) {
	const unknown = forwarded.Unknown
	for _, c := range []struct {
		peer string
		by   []string
		want string
	}{
		{"192.0.2.1:5", nil, "192.0.2.1"},
		{"192.0.2.1:5", []string{"203.0.113.9"}, "192.0.2.1"}, // not a proxy of ours
		{"192.0.2.1:5", []string{"nonsense"}, "192.0.2.1"},
		{"10.0.0.1:5", nil, "10.0.0.1"}, // it speaks for itself
		{"10.0.0.1:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"1.1.1.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"}, // the first hop is the client's own word
		{"10.0.0.1:5", []string{"1.1.1.1", "203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"[::1]:5", []string{"2001:db8::1"}, "2001:db8::1"},
		{"[::ffff:10.0.0.1]:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"[fe80::1%eth0]:5", []string{"203.0.113.9"}, "203.0.113.9"},
		{"[fe80::2%eth0]:5", []string{"203.0.113.9"}, "fe80::2%eth0"}, // not a proxy of ours

		// An address is written in several ways.
		{"10.0.0.1:5", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"10.0.0.1:5", []string{"[2001:db8::1]:80"}, "2001:db8::1"},
		{"10.0.0.1:5", []string{`"[2001:db8::1]"`}, "2001:db8::1"},
		{"10.0.0.1:5", []string{`"[2001:db8::1]:80"`}, "2001:db8::1"},
		{"10.0.0.1:5", []string{`"203.0.113.9"`}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"2001:DB8:0::1"}, "2001:db8::1"},
		{"10.0.0.1:5", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"[::ffff:203.0.113.9]:80"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"fe80::7%eth3"}, "fe80::7"},
		{"10.0.0.1:5", []string{"1.1.1.1, 203.0.113.9:1, 10.0.0.2:443"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"203.0.113.9, [2001:db8:1::2]:443"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"203.0.113.9, ::ffff:10.0.0.2"}, "203.0.113.9"},

		// What is empty says nothing.
		{"10.0.0.1:5", []string{"203.0.113.9, "}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"203.0.113.9,, ,"}, "203.0.113.9"},
		{"10.0.0.1:5", []string{"203.0.113.9", ""}, "203.0.113.9"},
		{"10.0.0.1:5", []string{""}, "10.0.0.1"},

		// What cannot be read is nobody's address, above all not the proxy's.
		{"10.0.0.1:5", []string{"unknown"}, unknown},
		{"10.0.0.1:5", []string{"not an address"}, unknown},
		{"10.0.0.1:5", []string{"203.0.113.9, nonsense"}, unknown},
		{"10.0.0.1:5", []string{"203.0.113.9, unknown, 10.0.0.2"}, unknown},
		{"10.0.0.1:5", []string{"nonsense, 203.0.113.9"}, "203.0.113.9"}, // the client's own word
		{"10.0.0.1:5", []string{"203.0.113.9:"}, unknown},
		{"10.0.0.1:5", []string{"203.0.113.9:http"}, unknown},
		{"10.0.0.1:5", []string{"[2001:db8::1"}, unknown},
		{"10.0.0.1:5", []string{"[203.0.113.9]"}, unknown},
		{"10.0.0.1:5", []string{`"203.0.113.9`}, unknown},
		{"10.0.0.1:5", []string{`"`}, unknown},
		{"10.0.0.1:5", []string{"unix:"}, unknown},
		{"10.0.0.1:5", []string{"localhost"}, unknown},
	} {
		if got, _ := through(c.peer, http.Header{"X-Forwarded-For": c.by}); got != c.want {
			t.Errorf("%s for %q: %q, want %q", c.peer, c.by, got, c.want)
		}
	}
	if _, err := netip.ParseAddr(unknown); err == nil {
		t.Error("who is not known has an address")
	}
}

func TestEncryptedBeforeProxies(t *testing.T) {
	for _, c := range []struct {
		peer string
		by   []string
		want bool
	}{
		{"192.0.2.1:5", []string{"https"}, false}, // not a proxy of ours
		{"10.0.0.1:5", nil, false},
		{"10.0.0.1:5", []string{""}, false},
		{"10.0.0.1:5", []string{"http"}, false},
		{"10.0.0.1:5", []string{"https"}, true},
		{"10.0.0.1:5", []string{"HTTPS"}, true},
		{"10.0.0.1:5", []string{"https", "http"}, false}, // the first is the client's own word
		{"10.0.0.1:5", []string{"https, http"}, false},
		{"10.0.0.1:5", []string{"http", "https"}, true},
		{"10.0.0.1:5", []string{"http,https "}, true},
		{"10.0.0.1:5", []string{"httpsx"}, false},
	} {
		if _, got := through(c.peer, http.Header{"X-Forwarded-Proto": c.by}); got != c.want {
			t.Errorf("%s for %q: %t", c.peer, c.by, got)
		}
	}
}
