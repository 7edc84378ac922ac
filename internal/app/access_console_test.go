package app

import (
	"errors"
	"log/slog"
	"testing"

	"croft/account"
	"croft/objectstore"
	"croft/objectstore/erasure"
	"croft/objectstore/grants"
	"croft/server"
)

// TestConsoleHeedsDenials: what a policy denies over S3 it denies in the console.
func TestConsoleHeedsDenials(t *testing.T) {
	engine := testEngine(t, erasure.Config{Logger: slog.New(slog.DiscardHandler)})
	makeBucket(t, engine, objectstore.Bucket{Name: "data", Documents: map[string]string{grants.PolicyDocument: `{"Version":"2012-10-17","Statement":[
		{"Effect":"Deny","NotPrincipal":{"AWS":"ada"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::data/kept/*"},
		{"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::data/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/keep":"yes"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::data","Condition":{"StringLike":{"s3:prefix":"kept/*"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::data/*","Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:DeleteObjectVersion","Resource":"arn:aws:s3:::data/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`}})
	makeBucket(t, engine, objectstore.Bucket{Name: "plain"})
	makeBucket(t, engine, objectstore.Bucket{Name: "broken", Documents: map[string]string{grants.PolicyDocument: "{"}})
	putObject(t, engine, objectstore.PutRequest{Bucket: "data", Key: "tagged", Attributes: objectstore.Attributes{Tags: map[string]string{"keep": "yes"}}}, "x")
	d := denials{access{buckets: engine, rules: new(grants.Reader)}, engine}
	for _, c := range []struct {
		user string
		r    server.PolicyRequest
		deny bool
	}{
		{"ada", server.PolicyRequest{Permission: "s3:GetObject", Bucket: "data", Key: "kept/a"}, false},
		{"boss", server.PolicyRequest{Permission: "s3:GetObject", Bucket: "data", Key: "kept/a"}, true},
		{"boss", server.PolicyRequest{Permission: "s3:GetObject", Bucket: "data", Key: "other"}, false},
		{"boss", server.PolicyRequest{Permission: "s3:DeleteObject", Bucket: "data", Key: "tagged"}, true},
		{"boss", server.PolicyRequest{Permission: "s3:DeleteObject", Bucket: "data", Key: "none"}, false},
		{"boss", server.PolicyRequest{Permission: "s3:ListBucket", Bucket: "data", Prefix: "kept/a"}, true},
		{"boss", server.PolicyRequest{Permission: "s3:ListBucket", Bucket: "data"}, false},
		{"boss", server.PolicyRequest{Permission: "s3:PutObject", Bucket: "data", Key: "a", Address: "10.1.1.1"}, false},
		{"boss", server.PolicyRequest{Permission: "s3:PutObject", Bucket: "data", Key: "a", Address: "192.0.2.1"}, true},
		{"boss", server.PolicyRequest{Permission: "s3:DeleteObjectVersion", Bucket: "data", Key: "a", Version: "null", Secure: true}, false},
		{"boss", server.PolicyRequest{Permission: "s3:DeleteObjectVersion", Bucket: "data", Key: "a", Version: "null"}, true},
		{"boss", server.PolicyRequest{Permission: "s3:GetObject", Bucket: "plain", Key: "kept/a"}, false},
	} {
		err := d.Denied(t.Context(), account.Principal{Name: c.user, Via: account.ViaSession}, c.r)
		if errors.Is(err, errDeniedByPolicy) != c.deny || (err != nil) != c.deny {
			t.Errorf("%s %+v: %v", c.user, c.r, err)
		}
	}
	if err := d.Denied(t.Context(), account.Principal{Name: "boss"}, server.PolicyRequest{Permission: "s3:GetObject", Bucket: "broken", Key: "a"}); err == nil {
		t.Error("a policy that cannot be read denies nothing")
	}
}
