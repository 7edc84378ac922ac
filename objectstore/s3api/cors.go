package s3api

import (
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

const (
	corsDocument = "cors"
	maxCORSRules = 100
	maxRuleID    = 255

	requestedMethod  = "Access-Control-Request-Method"
	requestedHeaders = "Access-Control-Request-Headers"
)

// corsXML is a bucket's configuration for cross-origin requests.
type corsXML struct {
	XMLName xml.Name   `xml:"http://s3.amazonaws.com/doc/2006-03-01/ CORSConfiguration"`
	Rules   []CORSRule `xml:"CORSRule"`
}

// CORSRule says which pages may do what with a bucket. One * in an origin or a header
// stands for any text.
type CORSRule struct {
	ID      string   `xml:"ID,omitempty"`
	Headers []string `xml:"AllowedHeader"`
	Methods []string `xml:"AllowedMethod"`
	Origins []string `xml:"AllowedOrigin"`
	Expose  []string `xml:"ExposeHeader"`
	MaxAge  *int32   `xml:"MaxAgeSeconds,omitempty"` // in seconds
}

// readCORS reads a configuration and holds it to S3's rules.
func readCORS(data []byte) (*corsXML, error) {
	root, err := readElement(data, "CORSConfiguration")
	if err != nil {
		return nil, err
	}
	config := &corsXML{}
	err = root.fields(map[string]func(*element) error{"CORSRule": func(e *element) error {
		rule, err := readCORSRule(e)
		config.Rules = append(config.Rules, rule)
		return err
	}})
	switch {
	case err != nil:
		return nil, err
	case len(config.Rules) == 0:
		return nil, errMalformedXML()
	case len(config.Rules) > maxCORSRules:
		return nil, fail("InvalidRequest", "The number of CORS rules should not exceed allowed limit of 100 rules.")
	}
	return config, nil
}

func readCORSRule(e *element) (CORSRule, error) {
	var rule CORSRule
	var age string
	err := e.fields(map[string]func(*element) error{
		"ID": once(&rule.ID), "AllowedHeader": each(&rule.Headers), "AllowedMethod": each(&rule.Methods),
		"AllowedOrigin": each(&rule.Origins), "ExposeHeader": each(&rule.Expose), "MaxAgeSeconds": once(&age),
	})
	if err != nil {
		return rule, err
	}
	if age != "" {
		seconds, err := strconv.ParseInt(age, 10, 32)
		if err != nil || seconds < 0 {
			return rule, errMalformedXML()
		}
		short := int32(seconds)
		rule.MaxAge = &short
	}
	return rule, rule.check()
}

func (r *CORSRule) check() error {
	if len(r.Methods) == 0 || len(r.Origins) == 0 {
		return errMalformedXML()
	}
	if len(r.ID) > maxRuleID {
		return fail("InvalidArgument", "The ID of a CORS rule should not exceed allowed limit of 255 characters.")
	}
	for _, method := range r.Methods {
		switch method {
		case http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete, http.MethodHead:
		default:
			return failf("InvalidRequest", "Found unsupported HTTP method in CORS config. Unsupported method is %s.", xmlLimit(method))
		}
	}
	for name, values := range map[string][]string{"AllowedOrigin": r.Origins, "AllowedHeader": r.Headers, "ExposeHeader": r.Expose} {
		for _, value := range values {
			switch {
			case value == "" || strings.ContainsFunc(value, unprintable):
				return failf("InvalidRequest", "%s %q is empty or has characters that a header cannot have.", name, xmlLimit(value))
			case name == "ExposeHeader" && strings.Contains(value, "*"):
				return failf("InvalidRequest", "ExposeHeader %q contains wildcard. We currently do not support wildcard for ExposeHeader.", xmlLimit(value))
			case strings.Count(value, "*") > 1:
				return failf("InvalidRequest", "%s %q can not have more than one wildcard.", name, xmlLimit(value))
			}
		}
	}
	return nil
}

func unprintable(r rune) bool { return r <= ' ' || r >= 0x7f }

// matches reports whether text is what pattern says, in which one * stands for any text.
func matches(pattern, text string) bool {
	before, after, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == text
	}
	return len(text) >= len(before)+len(after) && strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// rule returns the first rule that allows the method from the origin with all of the
// headers, which are in lower case, and the origin to allow; nil when there is none.
func (c *corsXML) rule(origin, method string, headers []string) (*CORSRule, string) {
	for i := range c.Rules {
		rule := &c.Rules[i]
		if !slices.Contains(rule.Methods, method) || !rule.allowsAll(headers) {
			continue
		}
		for _, allowed := range rule.Origins {
			if allowed == "*" {
				return rule, allowed
			}
			if matches(allowed, origin) {
				return rule, origin
			}
		}
	}
	return nil, ""
}

func (r *CORSRule) allowsAll(headers []string) bool {
	for _, header := range headers {
		if !slices.ContainsFunc(r.Headers, func(pattern string) bool { return matches(strings.ToLower(pattern), header) }) {
			return false
		}
	}
	return true
}

// write says in the answer what the rule allows to the origin.
func (r *CORSRule) write(header http.Header, origin string) {
	header.Set("Access-Control-Allow-Origin", origin)
	header.Set("Access-Control-Allow-Methods", strings.Join(r.Methods, ", "))
	if origin != "*" {
		header.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(r.Expose) > 0 {
		header.Set("Access-Control-Expose-Headers", strings.Join(r.Expose, ", "))
	}
	if r.MaxAge != nil {
		header.Set("Access-Control-Max-Age", strconv.FormatInt(int64(*r.MaxAge), 10))
	}
}

// allowOrigin says to a browser which pages may see the answer, be it a refusal.
func (q *request) allowOrigin() {
	if q.cors == nil || q.r.Method == http.MethodOptions {
		return
	}
	vary(q.w.Header())
	method := first(q.r.Header, requestedMethod)
	if method == "" {
		method = q.r.Method
	}
	if rule, allowed := q.cors.rule(first(q.r.Header, "Origin"), method, nil); rule != nil {
		rule.write(q.w.Header(), allowed)
	}
}

// vary tells caches what the answer depends on.
func vary(header http.Header) {
	header.Set("Vary", "Origin, "+requestedHeaders+", "+requestedMethod)
}

// preflight answers a browser that asks, unsigned, whether it may send a request.
func (q *request) preflight() error {
	origin, method := first(q.r.Header, "Origin"), first(q.r.Header, requestedMethod)
	if origin == "" {
		return fail("BadRequest", "Insufficient information. Origin request header needed.")
	}
	if method == "" {
		return fail("BadRequest", "Invalid Access-Control-Request-Method: null")
	}
	if q.cors == nil {
		return fail("AccessForbidden", "CORSResponse: CORS is not enabled for this bucket.")
	}
	vary(q.w.Header())
	headers := requestedHeaderNames(q.r.Header)
	rule, allowed := q.cors.rule(origin, method, headers)
	if rule == nil {
		return fail("AccessForbidden", "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.")
	}
	rule.write(q.w.Header(), allowed)
	if len(headers) > 0 {
		q.w.Header().Set("Access-Control-Allow-Headers", strings.Join(headers, ", "))
	}
	q.w.Header().Set("Content-Length", "0")
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// requestedHeaderNames are the headers that a preflight asks for, in lower case.
func requestedHeaderNames(header http.Header) []string {
	var names []string
	for _, value := range header[requestedHeaders] {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// cors returns a bucket's configuration, nil where there is none.
func (h *Handler) cors(ctx context.Context, bucket string) *corsXML {
	text := h.document(ctx, bucket, corsDocument)
	if text == "" {
		return nil
	}
	config, err := h.corsReadings.of(bucket, text, readCORS)
	if err != nil {
		return nil // it was read when it was set
	}
	return config
}

func (h *Handler) putBucketCORS(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	config, err := readCORS(data)
	if err != nil {
		return err
	}
	text, err := canonicalXML(config)
	if err != nil {
		return err
	}
	if err := h.keepDocument(q, corsDocument, text); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}
