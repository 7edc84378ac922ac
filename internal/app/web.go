package app

import (
	"croft/objectstore"
	"croft/objectstore/s3api"
	"croft/objectstore/webdav"
	"croft/server"
)

// webSettings shows the console what the S3 protocol keeps for web applications.
type webSettings struct {
	domains []string // of websites
	port    string   // of S3
}

var _ server.Web = webSettings{}

func (webSettings) CORS(b *objectstore.Bucket) ([]server.CORSRule, error) {
	kept, err := s3api.CORSRules(b)
	rules := make([]server.CORSRule, 0, len(kept))
	for _, k := range kept {
		rule := server.CORSRule{
			ID: k.ID, Origins: append([]string{}, k.Origins...), Methods: append([]string{}, k.Methods...),
			Headers: append([]string{}, k.Headers...), Expose: append([]string{}, k.Expose...),
		}
		if k.MaxAge != nil {
			age := int(*k.MaxAge)
			rule.MaxAge = &age
		}
		rules = append(rules, rule)
	}
	return rules, err
}

func (webSettings) SetCORS(b *objectstore.Bucket, rules []server.CORSRule) error {
	kept := make([]s3api.CORSRule, 0, len(rules))
	for _, r := range rules {
		rule := s3api.CORSRule{ID: r.ID, Origins: r.Origins, Methods: r.Methods, Headers: r.Headers, Expose: r.Expose}
		if r.MaxAge != nil {
			age := int32(*r.MaxAge) //nolint:gosec // the API bounds it
			rule.MaxAge = &age
		}
		kept = append(kept, rule)
	}
	return s3api.SetCORSRules(b, kept)
}

func (webSettings) Website(b *objectstore.Bucket) (*server.Website, error) {
	w, err := s3api.WebsiteOf(b)
	if w == nil || err != nil {
		return nil, err
	}
	return &server.Website{Index: w.Index, Error: w.Error, RedirectHost: w.RedirectHost, RedirectTo: w.RedirectProtocol, RoutingRules: w.RoutingRules}, nil
}

func (webSettings) SetWebsite(b *objectstore.Bucket, w *server.Website) error {
	if w == nil {
		return s3api.SetWebsite(b, nil)
	}
	return s3api.SetWebsite(b, &s3api.Website{Index: w.Index, Error: w.Error, RedirectHost: w.RedirectHost, RedirectProtocol: w.RedirectTo})
}

func (webSettings) WebDAV(b *objectstore.Bucket) bool        { return webdav.Enabled(b) }
func (webSettings) SetWebDAV(b *objectstore.Bucket, on bool) { webdav.Enable(b, on) }
func (webSettings) WebDAVPath(bucket string) string          { return webdav.Prefix + "/" + bucket + "/" }

func (s webSettings) Addresses(bucket string) []string {
	var all []string
	for _, domain := range s.domains {
		address := "http://" + bucket + "." + domain
		if s.port != "80" {
			address += ":" + s.port
		}
		all = append(all, address)
	}
	return all
}
