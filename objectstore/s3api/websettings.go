package s3api

import (
	"errors"

	"croft/internal/errs"
	"croft/objectstore"
)

// CORSRules returns a bucket's rules for pages of other origins, none where it has none.
func CORSRules(b *objectstore.Bucket) ([]CORSRule, error) {
	text := b.Documents[corsDocument]
	if text == "" {
		return nil, nil
	}
	config, err := readCORS([]byte(text))
	if err != nil {
		return nil, wrongSetting("cors_invalid", err)
	}
	return config.Rules, nil
}

// SetCORSRules sets a bucket's rules, held to what S3 allows; none removes them.
func SetCORSRules(b *objectstore.Bucket, rules []CORSRule) error {
	if len(rules) == 0 {
		b.Documents = b.WithDocument(corsDocument, "")
		return nil
	}
	text, err := canonicalXML(corsXML{Rules: rules})
	if err == nil {
		_, err = readCORS([]byte(text))
	}
	if err != nil {
		return wrongSetting("cors_invalid", err)
	}
	b.Documents = b.WithDocument(corsDocument, text)
	return nil
}

// Website is how a bucket is shown as a website: by its own pages, or, with a host to
// redirect to, not at all.
type Website struct {
	Index            string // the page of a folder
	Error            string // the page of errors, perhaps none
	RedirectHost     string
	RedirectProtocol string // "http", "https" or as it was asked for
	RoutingRules     int    // how many there are besides; SetWebsite keeps them
}

// WebsiteOf returns how a bucket is shown, nil where it is no website.
func WebsiteOf(b *objectstore.Bucket) (*Website, error) {
	text := b.Documents[websiteDocument]
	if text == "" {
		return nil, nil
	}
	config, err := readWebsite([]byte(text))
	if err != nil {
		return nil, wrongSetting("website_invalid", err)
	}
	if config.All != nil {
		return &Website{RedirectHost: config.All.HostName, RedirectProtocol: config.All.Protocol}, nil
	}
	w := &Website{Index: config.Index.Suffix, RoutingRules: len(config.rules())}
	if config.Error != nil {
		w.Error = config.Error.Key
	}
	return w, nil
}

// SetWebsite sets how a bucket is shown, held to what S3 allows; nil ends it. Routing
// rules stay as they are, but for a website that is redirected, which has none.
func SetWebsite(b *objectstore.Bucket, w *Website) error {
	if w == nil {
		b.Documents = b.WithDocument(websiteDocument, "")
		return nil
	}
	config := &websiteXML{}
	if w.RedirectHost != "" {
		config.All = &allRequests{HostName: w.RedirectHost, Protocol: w.RedirectProtocol}
	} else {
		config.Index = &indexDocument{Suffix: w.Index}
		if w.Error != "" {
			config.Error = &errorDocument{Key: w.Error}
		}
		if was, err := readWebsite([]byte(b.Documents[websiteDocument])); err == nil {
			config.Routing = was.Routing
		}
	}
	text, err := canonicalXML(config)
	if err == nil {
		_, err = readWebsite([]byte(text))
	}
	if err != nil {
		return wrongSetting("website_invalid", err)
	}
	b.Documents = b.WithDocument(websiteDocument, text)
	return nil
}

// wrongSetting says to a person what S3 says to a client.
func wrongSetting(code string, err error) error {
	var f *failure
	if errors.As(err, &f) {
		return errs.New(errs.Invalid, code, f.message)
	}
	return err
}
