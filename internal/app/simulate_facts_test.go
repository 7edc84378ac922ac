package app

import (
	"context"
	"errors"
	"strings"
	"testing"

	"croft/account"
	"croft/objectstore"
	"croft/objectstore/grants"
	"croft/server"
)

// TestSimulatorsFacts: what a request would have, and nothing else, is what conditions see.
func TestSimulatorsFacts(t *testing.T) {
	w := newAccessWorld(t)
	if _, err := w.engine.UpdateBucket(t.Context(), "web-data", func(b *objectstore.Bucket) error {
		b.Versioning = objectstore.VersioningEnabled
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	public, err := w.engine.Put(t.Context(), objectstore.PutRequest{
		Bucket: "web-data", Key: "a", Body: strings.NewReader("x"), Size: 1, Attributes: objectstore.Attributes{Tags: map[string]string{"public": "yes"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.put("a", "text")
	w.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::web-data/*","Condition":{"StringEquals":{"s3:authType":"REST-HEADER"}}}`,
		`{"Effect":"Allow","Principal":"*","Action":"s3:GetObjectVersion","Resource":"arn:aws:s3:::web-data/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/public":"yes"}}}`,
		`{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::web-data","Condition":{"Null":{"s3:versionid":"true"}}}`)
	for what, c := range map[string]struct {
		q       server.SimulationRequest
		allowed bool
	}{
		"who signs":                {server.SimulationRequest{Who: "user", User: "stranger", Object: "a", Actions: []string{"s3:GetObject"}}, true},
		"who does not":             {server.SimulationRequest{Who: "nobody", Object: "a", Actions: []string{"s3:GetObject"}}, false},
		"tags of the version":      {server.SimulationRequest{Who: "user", User: "stranger", Object: "a", Version: public.VersionID, Actions: []string{"s3:GetObjectVersion"}}, true},
		"tags of the latest":       {server.SimulationRequest{Who: "user", User: "stranger", Object: "a", Actions: []string{"s3:GetObjectVersion"}}, false},
		"a listing has no version": {server.SimulationRequest{Who: "user", User: "stranger", Object: "a", Version: public.VersionID, Actions: []string{"s3:ListBucket"}}, true},
	} {
		if a := w.simulate(c.q)[0]; a.Allowed != c.allowed {
			t.Errorf("%s: %+v", what, a)
		}
	}

	boss := account.Principal{Name: "boss", Admin: true, Via: account.ViaSession}
	tagged := server.SimulatedQuestion{Bucket: "web-data", SimulationRequest: server.SimulationRequest{Who: "user", User: "stranger", Object: "a", Actions: []string{"s3:GetObjectVersion"}}}
	if said, err := (simulator{w.access, deafStore{w.engine}}).Simulate(t.Context(), boss, tagged); !errors.Is(err, errDeaf) {
		t.Errorf("tags that cannot be read: %+v, %v", said, err)
	}

	// No policy has a say in Croft's own buckets.
	if _, err := w.engine.UpdateBucket(t.Context(), "croft-own", func(b *objectstore.Bucket) error {
		b.Documents = b.WithDocument(grants.PolicyDocument, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::croft-own","arn:aws:s3:::croft-own/*"]}]}`)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	own := server.SimulatedQuestion{Bucket: "croft-own", SimulationRequest: server.SimulationRequest{Who: "user", User: "boss", Object: "a", Actions: []string{"s3:GetObject"}}}
	if said, err := w.simulator().Simulate(t.Context(), boss, own); err != nil || said[0].By != "system" || len(said[0].Statements) > 0 {
		t.Errorf("Croft's own bucket: %+v, %v", said, err)
	}
}

var errDeaf = errors.New("the drives do not answer")

// deafStore knows nothing of objects.
type deafStore struct{ objectstore.Store }

func (deafStore) Head(context.Context, string, string) (objectstore.Object, error) {
	return objectstore.Object{}, errDeaf
}
