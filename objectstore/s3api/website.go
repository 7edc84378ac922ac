package s3api

import (
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"

	"croft/objectstore"
	"croft/objectstore/grants"
)

const (
	websiteDocument = "website"
	maxRoutingRules = 50

	redirectHeader = "X-Amz-Website-Redirect-Location"
	systemRedirect = "website-redirect" // in objectstore.Attributes.System
	maxRedirect    = 2 << 10            // bytes
)

// websiteXML is how a bucket is shown as a website.
type websiteXML struct {
	XMLName xml.Name       `xml:"http://s3.amazonaws.com/doc/2006-03-01/ WebsiteConfiguration"`
	All     *allRequests   `xml:"RedirectAllRequestsTo"`
	Index   *indexDocument `xml:"IndexDocument"` // nil only with All
	Error   *errorDocument `xml:"ErrorDocument"`
	Routing *routingRules  `xml:"RoutingRules"` // nil where there are none
}

type indexDocument struct {
	Suffix string `xml:"Suffix"`
}

type errorDocument struct {
	Key string `xml:"Key"`
}

type routingRules struct {
	Rules []routingRule `xml:"RoutingRule"`
}

type allRequests struct {
	HostName string `xml:"HostName"`
	Protocol string `xml:"Protocol,omitempty"`
}

type routingRule struct {
	Condition *routingCondition `xml:"Condition,omitempty"`
	Redirect  routingRedirect   `xml:"Redirect"`
}

type routingCondition struct {
	Prefix string `xml:"KeyPrefixEquals,omitempty"`
	Status int    `xml:"HttpErrorCodeReturnedEquals,omitempty"`
}

type routingRedirect struct {
	Protocol string  `xml:"Protocol,omitempty"`
	HostName string  `xml:"HostName,omitempty"`
	Prefix   *string `xml:"ReplaceKeyPrefixWith,omitempty"`
	Key      *string `xml:"ReplaceKeyWith,omitempty"`
	Status   int     `xml:"HttpRedirectCode,omitempty"`
}

// readWebsite reads a configuration and holds it to S3's rules.
func readWebsite(data []byte) (*websiteXML, error) {
	root, err := readElement(data, "WebsiteConfiguration")
	if err != nil {
		return nil, err
	}
	config := &websiteXML{}
	err = root.fields(map[string]func(*element) error{
		"RedirectAllRequestsTo": alone(&config.All, func(all *allRequests) map[string]func(*element) error {
			return map[string]func(*element) error{"HostName": once(&all.HostName), "Protocol": once(&all.Protocol)}
		}),
		"IndexDocument": alone(&config.Index, func(index *indexDocument) map[string]func(*element) error {
			return map[string]func(*element) error{"Suffix": once(&index.Suffix)}
		}),
		"ErrorDocument": alone(&config.Error, func(page *errorDocument) map[string]func(*element) error {
			return map[string]func(*element) error{"Key": once(&page.Key)}
		}),
		"RoutingRules": alone(&config.Routing, func(all *routingRules) map[string]func(*element) error {
			return map[string]func(*element) error{"RoutingRule": func(e *element) error {
				rule, err := readRoutingRule(e)
				all.Rules = append(all.Rules, rule)
				return err
			}}
		}),
	})
	if err != nil {
		return nil, err
	}
	if config.Routing != nil && len(config.Routing.Rules) == 0 {
		config.Routing = nil
	}
	return config, config.check()
}

func (c *websiteXML) check() error {
	if c.All != nil {
		if c.Index != nil || c.Error != nil || c.Routing != nil {
			return fail("InvalidArgument", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.")
		}
		return checkDestination(c.All.Protocol, c.All.HostName, true)
	}
	rules := c.rules()
	switch {
	case c.Index == nil:
		return fail("InvalidArgument", "A value for IndexDocument Suffix must be provided if RedirectAllRequestsTo is empty")
	case c.Index.Suffix == "" || strings.Contains(c.Index.Suffix, "/") || checkKey(c.Index.Suffix) != nil:
		return fail("InvalidArgument", "The IndexDocument Suffix is not well formed")
	case c.Error != nil && (c.Error.Key == "" || checkKey(c.Error.Key) != nil):
		return fail("InvalidArgument", "The ErrorDocument Key is not well formed")
	case len(rules) > maxRoutingRules:
		return failf("InvalidRequest", "%d routing rules provided, the number of routing rules in a website configuration is limited to 50.", len(rules))
	}
	for i := range rules {
		if err := rules[i].check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *websiteXML) rules() []routingRule {
	if c.Routing == nil {
		return nil
	}
	return c.Routing.Rules
}

func readRoutingRule(e *element) (rule routingRule, err error) {
	var status, code string
	redirects := 0
	err = e.fields(map[string]func(*element) error{
		"Condition": func(e *element) error {
			if rule.Condition != nil {
				return errMalformedXML()
			}
			rule.Condition = &routingCondition{}
			return e.fields(map[string]func(*element) error{"KeyPrefixEquals": once(&rule.Condition.Prefix), "HttpErrorCodeReturnedEquals": once(&status)})
		},
		"Redirect": func(e *element) error {
			redirects++
			r := &rule.Redirect
			return e.fields(map[string]func(*element) error{
				"Protocol": once(&r.Protocol), "HostName": once(&r.HostName), "HttpRedirectCode": once(&code),
				"ReplaceKeyPrefixWith": perhaps(&r.Prefix), "ReplaceKeyWith": perhaps(&r.Key),
			})
		},
	})
	if err != nil {
		return rule, err
	}
	if redirects != 1 || (rule.Redirect == routingRedirect{} && code == "") {
		return rule, errMalformedXML()
	}
	if status != "" {
		if rule.Condition.Status, err = strconv.Atoi(status); err != nil || rule.Condition.Status < 400 || rule.Condition.Status > 599 {
			return rule, failf("InvalidRequest", "The provided HTTP error code (%s) is not valid. Valid codes are 4XX or 5XX.", xmlLimit(status))
		}
	}
	if code != "" {
		if rule.Redirect.Status, err = strconv.Atoi(code); err != nil || rule.Redirect.Status < 301 || rule.Redirect.Status > 399 || rule.Redirect.Status == http.StatusNotModified {
			return rule, failf("InvalidRequest", "The provided HTTP redirect code (%s) is not valid. Valid codes are 3XX except 300 and 304.", xmlLimit(code))
		}
	}
	return rule, nil
}

// perhaps is once for an element that means something when it is empty.
func perhaps(into **string) func(*element) error {
	return func(e *element) error {
		if *into != nil || len(e.children) > 0 {
			return errMalformedXML()
		}
		*into = &e.text
		return nil
	}
}

func (r *routingRule) check() error {
	to := &r.Redirect
	if to.Prefix != nil && to.Key != nil {
		return fail("InvalidRequest", "You can only define ReplaceKeyPrefix or ReplaceKey but not both.")
	}
	if r.Condition != nil && *r.Condition == (routingCondition{}) {
		return fail("InvalidRequest", "Condition cannot be empty. To redirect all requests without a condition, the condition element shouldn't be present.")
	}
	for _, key := range []*string{to.Prefix, to.Key} {
		if key != nil && *key != "" && checkKey(*key) != nil {
			return fail("InvalidRequest", "The key that a routing rule redirects to is not well formed.")
		}
	}
	return checkDestination(to.Protocol, to.HostName, false)
}

func checkDestination(protocol, host string, needed bool) error {
	if protocol != "" && protocol != "http" && protocol != "https" {
		return fail("InvalidRequest", "Invalid protocol, protocol can be http or https. If not defined the protocol will be selected automatically.")
	}
	if host == "" && !needed {
		return nil
	}
	if host == "" || strings.ContainsAny(host, `/\?#@"<>`) || strings.ContainsFunc(host, unprintable) {
		return fail("InvalidRequest", "The HostName that requests are redirected to is not well formed.")
	}
	return nil
}

// rule returns the first rule for a key and an error's status, which is 0 before the
// key was looked for.
func (c *websiteXML) rule(key string, status int) *routingRule {
	rules := c.rules()
	for i := range rules {
		condition := rules[i].Condition
		if condition == nil {
			condition = &routingCondition{}
		}
		if condition.Status == status && strings.HasPrefix(key, condition.Prefix) {
			return &rules[i]
		}
	}
	return nil
}

// key is the key that a request for this one is redirected to.
func (r *routingRule) key(key string) string {
	switch {
	case r.Redirect.Key != nil:
		return *r.Redirect.Key
	case r.Redirect.Prefix != nil:
		prefix := ""
		if r.Condition != nil {
			prefix = r.Condition.Prefix
		}
		return *r.Redirect.Prefix + strings.TrimPrefix(key, prefix)
	}
	return key
}

func (h *Handler) putBucketWebsite(q *request) error {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return err
	}
	config, err := readWebsite(data)
	if err != nil {
		return err
	}
	text, err := canonicalXML(config)
	if err != nil {
		return err
	}
	if err := h.keepDocument(q, websiteDocument, text); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// systemAttributes are what a request says about an object that is S3's business
// rather than its writer's; nil when it says nothing.
func systemAttributes(header http.Header, acl grants.ACL) (map[string]string, error) {
	to := first(header, redirectHeader)
	if to == "" && acl == nil {
		return nil, nil
	}
	if len(to) > maxRedirect {
		return nil, fail("InvalidRedirectLocation", "The length of website redirect location cannot exceed 2,048 characters.")
	}
	if to != "" && !strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "http://") && !strings.HasPrefix(to, "https://") {
		return nil, fail("InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
	}
	system := make(map[string]string, 1)
	if to != "" {
		system[systemRedirect] = to
	}
	if acl != nil && acl.Text() != "" {
		system[grants.ObjectACL] = acl.Text()
	}
	if len(system) == 0 {
		return nil, nil
	}
	return system, nil
}

// objectRedirect is where the website sends who asks for the object; empty for most.
func objectRedirect(a *objectstore.Attributes) string { return a.System[systemRedirect] }
