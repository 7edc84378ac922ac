// Package forwarded tells who asks and how, also where reverse proxies stand before
// Croft. What a request's headers claim about that counts only from proxies that the
// operator named; everybody else's word is not read.
package forwarded

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

type secureKey struct{}

// Unknown is the Address of a client of whom a proxy said what is no address. It lies in
// no network, so that no rule for a network, a proxy or this machine takes it for its own.
const Unknown = "unknown"

// Handler hands requests to next as if their clients had reached Croft themselves: of
// those that proxies bring, RemoteAddr is the client's IP address (without a port, which
// counts for nothing here) or Unknown, and Secure says what the proxy that is connected
// says. A proxy that says nothing of another client speaks for itself.
func Handler(next http.Handler, proxies []netip.Prefix) http.Handler {
	if len(proxies) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer := Address(r); within(proxies, peer) {
			secure := r.TLS != nil || overTLS(elements(r.Header.Values("X-Forwarded-Proto")))
			r = r.WithContext(context.WithValue(r.Context(), secureKey{}, secure))
			r.RemoteAddr = client(elements(r.Header.Values("X-Forwarded-For")), peer, proxies)
		}
		next.ServeHTTP(w, r)
	})
}

// elements are those of a list that may stand in several headers. Empty ones are none, as
// RFC 9110 has it.
func elements(headers []string) (list []string) {
	for _, header := range headers {
		for one := range strings.SplitSeq(header, ",") {
			if one = strings.TrimSpace(one); one != "" {
				list = append(list, one)
			}
		}
	}
	return list
}

// overTLS takes the last word, which is that of the proxy that is connected. What stands
// before it may be the client's own.
func overTLS(protocols []string) bool {
	return len(protocols) > 0 && strings.EqualFold(protocols[len(protocols)-1], "https")
}

// client goes back from the proxy that is connected, hop by hop, as long as the word of
// the hop counts that tells of the one before.
func client(hops []string, peer string, proxies []netip.Prefix) string {
	for _, hop := range slices.Backward(hops) {
		address, ok := read(hop)
		if !ok {
			return Unknown
		}
		peer = address.String()
		if !within(proxies, peer) {
			break
		}
	}
	return peer
}

// read takes a hop as proxies write it: an address, of IPv6 perhaps in brackets, perhaps
// with a port behind it, perhaps all of it in quotes. A zone is the proxy's own affair.
func read(hop string) (netip.Addr, bool) {
	if inner, ok := between(`"`, hop, `"`); ok {
		hop = inner
	}
	if with, err := netip.ParseAddrPort(hop); err == nil {
		return plain(with.Addr()), true
	}
	if inner, ok := between("[", hop, "]"); ok && strings.Contains(inner, ":") {
		hop = inner
	}
	address, err := netip.ParseAddr(hop)
	return plain(address), err == nil
}

func between(begin, text, end string) (string, bool) {
	text, begins := strings.CutPrefix(text, begin)
	text, ends := strings.CutSuffix(text, end)
	return text, begins && ends
}

// plain is an address as networks are compared with, and clients counted.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

func within(proxies []netip.Prefix, address string) bool {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(proxies, func(p netip.Prefix) bool { return p.Contains(plain(ip)) })
}

// Address is the IP address of a request's client, or Unknown.
func Address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// Secure reports whether the client's connection is encrypted, or a proxy says so.
func Secure(r *http.Request) bool {
	if secure, ok := r.Context().Value(secureKey{}).(bool); ok {
		return secure
	}
	return r.TLS != nil
}

// Scheme is that of the addresses under which the client reaches Croft.
func Scheme(r *http.Request) string {
	if Secure(r) {
		return "https"
	}
	return "http"
}
