package s3api

import (
	"errors"
	"fmt"
	"html"
	"net/http"
	"strconv"
	"strings"

	"croft/internal/forwarded"
	"croft/objectstore"
)

// IsSite reports whether a host name, with or without a port, is one of a bucket's
// website. Nothing but websites is to be served there.
func (h *Handler) IsSite(host string) bool {
	_, domain, ok := h.sites.bucket(host)
	if !ok {
		return false
	}
	// Of two domains that a name is under the longer says what it is.
	_, other, ok := h.domains.bucket(host)
	return !ok || len(domain) >= len(other)
}

// serveSite answers a request to a bucket's website. Whoever asks is nobody: a
// signature is not looked at, nor a query.
func (h *Handler) serveSite(q *request) error {
	q.r.Header.Del("Authorization")
	q.query = nil
	if q.r.Method == http.MethodOptions {
		return q.preflight()
	}
	if q.r.Method != http.MethodGet && q.r.Method != http.MethodHead {
		q.w.Header().Set("Allow", "GET, HEAD")
		return fail("MethodNotAllowed", "The specified method is not allowed against this resource.")
	}
	site, err := h.website(q)
	if err != nil {
		return err
	}
	asked := q.key
	if site.All != nil {
		q.redirect(http.StatusMovedPermanently, q.address(site.All.Protocol, site.All.HostName, asked))
		return nil
	}
	if rule := site.rule(asked, 0); rule != nil {
		q.follow(rule, asked)
		return nil
	}
	if q.key == "" || strings.HasSuffix(q.key, "/") {
		q.key += site.Index.Suffix
	}
	err = h.sendPage(q)
	if err == nil || h.sendToFolder(q, site, asked, err) {
		return nil
	}
	status := translate(err).status()
	if rule := site.rule(asked, status); rule != nil {
		q.follow(rule, asked)
		return nil
	}
	if site.Error != nil && status < http.StatusInternalServerError && h.sendErrorPage(q, site.Error.Key, status) == nil {
		return nil
	}
	return err
}

// website returns the configuration of the request's bucket.
func (h *Handler) website(q *request) (*websiteXML, error) {
	if objectstore.ValidateBucketName(q.bucket) != nil {
		return nil, objectstore.ErrBucketNotFound
	}
	bucket, err := h.store.Bucket(q.r.Context(), q.bucket)
	if err != nil {
		return nil, err
	}
	if bucket.Documents[websiteDocument] == "" {
		return nil, fail("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration.")
	}
	return h.siteReadings.of(q.bucket, bucket.Documents[websiteDocument], readWebsite)
}

// mayRead asks whether everybody may read a key.
func (h *Handler) mayRead(q *request, key string) error {
	if err := checkKey(key); err != nil {
		return err
	}
	return h.authorize(q, q.ask(ReadBucket, "s3:GetObject", q.bucket, key, ""))
}

// sendPage answers with the object at q.key, or says why not.
func (h *Handler) sendPage(q *request) error {
	if err := h.mayRead(q, q.key); err != nil {
		return err
	}
	o, err := h.head(q, q.ref())
	if errors.Is(err, objectstore.ErrObjectNotFound) {
		// As in S3, who may not list the bucket does not learn what is missing.
		if refused := h.authorize(q, q.ask(ReadBucket, "s3:ListBucket", q.bucket, "", "")); refused != nil {
			return refused
		}
		return fail("NoSuchKey", "The specified key does not exist.")
	}
	if err != nil {
		return err
	}
	if to := objectRedirect(&o.Attributes); to != "" {
		q.redirect(http.StatusMovedPermanently, to)
		return nil
	}
	if q.r.Method == http.MethodHead {
		return h.headObject(q)
	}
	return h.getObject(q)
}

// sendToFolder redirects from a key that is not there to the folder of that name, if
// it has an index document that everybody may read.
func (h *Handler) sendToFolder(q *request, site *websiteXML, asked string, failed error) bool {
	if f := translate(failed); asked == "" || strings.HasSuffix(asked, "/") || (f.code != "NoSuchKey" && f.code != "AccessDenied") {
		return false
	}
	index := asked + "/" + site.Index.Suffix
	if h.mayRead(q, index) != nil {
		return false
	}
	if _, err := h.head(q, objectstore.VersionRef{Bucket: q.bucket, Key: index}); err != nil {
		return false
	}
	q.redirect(http.StatusFound, "/"+uriEncode(asked, false)+"/")
	return true
}

// sendErrorPage answers an error with the bucket's own page for it.
func (h *Handler) sendErrorPage(q *request, key string, status int) error {
	if err := h.mayRead(q, key); err != nil {
		return err
	}
	o, content, err := h.get(q, objectstore.VersionRef{Bucket: q.bucket, Key: key}, nil)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }() // only read; the bytes were verified
	header := q.w.Header()
	header.Del("Content-Range")
	q.writeAttributes(header, &o)
	header.Set("Content-Length", strconv.FormatInt(o.Size, 10))
	q.w.WriteHeader(status)
	if q.r.Method == http.MethodHead {
		return nil
	}
	d := &delivery{q: q, object: &o, length: o.Size, left: o.Size, begun: true}
	if err := d.from(content); err != nil {
		if d.gone == nil && q.r.Context().Err() == nil {
			h.log.Error("s3 object could not be read to its end", "requestId", q.id, "bucket", q.bucket, "error", err)
		}
		h.show(q)
		panic(http.ErrAbortHandler) // the answer has begun; see Handler.send
	}
	return nil
}

// follow redirects as a rule says.
func (q *request) follow(rule *routingRule, asked string) {
	status := rule.Redirect.Status
	if status == 0 {
		status = http.StatusMovedPermanently
	}
	q.redirect(status, q.address(rule.Redirect.Protocol, rule.Redirect.HostName, rule.key(asked)))
}

// address is that of a key of a website; of what is not said it is this one's.
func (q *request) address(protocol, host, key string) string {
	if protocol == "" {
		protocol = forwarded.Scheme(q.r)
	}
	if host == "" {
		host = q.r.Host
	}
	return protocol + "://" + host + "/" + uriEncode(key, false)
}

func (q *request) redirect(status int, to string) {
	q.w.Header().Set("Location", to)
	q.w.Header().Set("Content-Length", "0")
	q.w.WriteHeader(status)
}

// refuseSite answers a person's browser with an error in words.
func (h *Handler) refuseSite(q *request, err error) {
	f := h.ends(q, err)
	title := fmt.Sprintf("%d %s", f.status(), http.StatusText(f.status()))
	page := "<!DOCTYPE html>\n<html>\n<head><meta charset=\"utf-8\"><title>" + title + "</title></head>\n<body>\n<h1>" + title + "</h1>\n<ul>\n" +
		"<li>Code: " + f.code + "</li>\n<li>Message: " + html.EscapeString(f.message) + "</li>\n<li>RequestId: " + q.id + "</li>\n</ul>\n</body>\n</html>\n"
	header := q.w.Header()
	header.Set("x-amz-error-code", f.code)
	header.Set("x-amz-error-message", f.message)
	header.Set("Content-Security-Policy", "default-src 'none'")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(page)))
	q.w.WriteHeader(f.status())
	if q.r.Method != http.MethodHead {
		_, _ = q.w.Write([]byte(page)) // the client is gone; there is nobody to tell
	}
}

// IsBucketHost reports whether a host name stands for one bucket, so that paths there are
// nothing but keys.
func (h *Handler) IsBucketHost(host string) bool {
	bucket, _, ok := h.domains.bucket(host)
	return ok && bucket != "" || h.IsSite(host)
}
