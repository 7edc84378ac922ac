package app

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"croft/internal/errs"
	"croft/objectstore"
	"croft/server"
)

func TestWebSettings(t *testing.T) {
	s := webSettings{domains: []string{"web.example.com", "pages.test"}, port: "9000"}
	b := &objectstore.Bucket{Name: "shop"}
	if got := fmt.Sprint(s.Addresses("shop")); got != "[http://shop.web.example.com:9000 http://shop.pages.test:9000]" {
		t.Error(got)
	}
	if got := (webSettings{domains: []string{"web.example.com"}, port: "80"}).Addresses("shop")[0]; got != "http://shop.web.example.com" {
		t.Error(got)
	}
	age := 60
	rules := []server.CORSRule{
		{ID: "app", Origins: []string{"https://*.example.com"}, Methods: []string{"GET"}, Headers: []string{"*"}, Expose: []string{"ETag"}, MaxAge: &age},
		{Origins: []string{"*"}, Methods: []string{"PUT", "POST"}, Headers: []string{}, Expose: []string{}},
	}
	if err := s.SetCORS(b, rules); err != nil {
		t.Fatal(err)
	}
	if got, err := s.CORS(b); err != nil || !reflect.DeepEqual(got, rules) {
		t.Errorf("%+v, %v", got, err)
	}
	err := s.SetCORS(b, []server.CORSRule{{Origins: []string{"http://*.*"}, Methods: []string{"GET"}}})
	if code, message := errs.Public(err); code != "cors_invalid" || !strings.Contains(message, "more than one wildcard") {
		t.Errorf("%v", err)
	}
	if err := s.SetCORS(b, nil); err != nil || b.Documents["cors"] != "" {
		t.Errorf("%v, %q", err, b.Documents)
	}

	if w, err := s.Website(b); w != nil || err != nil {
		t.Errorf("%+v, %v", w, err)
	}
	b.Documents = b.WithDocument("website", `<WebsiteConfiguration><IndexDocument><Suffix>i</Suffix></IndexDocument><RoutingRules><RoutingRule><Redirect><HostName>h</HostName></Redirect></RoutingRule></RoutingRules></WebsiteConfiguration>`)
	// What was set over S3 and is not shown here stays.
	if err := s.SetWebsite(b, &server.Website{Index: "index.html", Error: "e"}); err != nil {
		t.Fatal(err)
	}
	if w, err := s.Website(b); err != nil || *w != (server.Website{Index: "index.html", Error: "e", RoutingRules: 1}) {
		t.Errorf("%+v, %v", w, err)
	}
	if err := s.SetWebsite(b, &server.Website{RedirectHost: "www.example.org", RedirectTo: "https"}); err != nil {
		t.Fatal(err)
	}
	if w, err := s.Website(b); err != nil || *w != (server.Website{RedirectHost: "www.example.org", RedirectTo: "https"}) {
		t.Errorf("%+v, %v", w, err)
	}
	err = s.SetWebsite(b, &server.Website{Index: "a/b"})
	if code, _ := errs.Public(err); code != "website_invalid" {
		t.Errorf("%v", err)
	}
	if err := s.SetWebsite(b, nil); err != nil || b.Documents["website"] != "" {
		t.Errorf("%v, %q", err, b.Documents)
	}
}
