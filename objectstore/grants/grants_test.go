package grants

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"croft/objectstore"
	"croft/objectstore/policy"
)

func TestTexts(t *testing.T) {
	for _, a := range []ACL{
		private, canned["public-read"], canned["public-read-write"], canned["authenticated-read"], canned["log-delivery-write"],
		{{To: Owner, May: FullControl}, {To: "ada", May: Write}}, {{To: "ada", May: FullControl}},
	} {
		got, err := ParseACL(a.Text())
		if err != nil || got.Text() != a.Text() || got.IsPrivate() != a.IsPrivate() || got.Public() != a.Public() {
			t.Errorf("%v → %q → %v, %v", a, a.Text(), got, err)
		}
	}
	if private.Text() != "" || canned["bucket-owner-read"].Text() != "" {
		t.Error("what is private is kept as something")
	}
	if _, err := ParseACL("{"); err == nil {
		t.Error("an unreadable ACL was read")
	}
	for _, b := range []Block{{}, Everything, {IgnorePublicACLs: true}} {
		if got, err := ParseBlock(b.Text()); err != nil || got != b {
			t.Errorf("%+v → %+v, %v", b, got, err)
		}
	}
	if b, err := ParseBlock("x"); err == nil || b != Everything {
		t.Errorf("an unreadable block is %+v, %v", b, err)
	}
}

func TestAllows(t *testing.T) {
	ada, eve, nobody := policy.Principal{Name: "ada"}, policy.Principal{Name: "eve"}, policy.Principal{}
	for _, c := range []struct {
		acl    ACL
		who    policy.Principal
		p      Permission
		ignore bool
		want   bool
	}{
		{private, ada, Read, false, false},
		{canned["public-read"], nobody, Read, false, true},
		{canned["public-read"], nobody, Read, true, false},
		{canned["public-read"], nobody, Write, false, false},
		{canned["public-read-write"], nobody, Write, false, true},
		{canned["authenticated-read"], nobody, Read, false, false},
		{canned["authenticated-read"], ada, Read, false, true},
		{canned["authenticated-read"], ada, Read, true, false},
		{ACL{{To: "ada", May: FullControl}}, ada, WriteACL, true, true},
		{ACL{{To: "ada", May: FullControl}}, eve, Read, false, false},
		{ACL{{To: "", May: FullControl}}, nobody, Read, false, false},
		{ACL{{To: Owner, May: FullControl}}, policy.Principal{Name: string(Owner)}, Read, false, false},
		{canned["log-delivery-write"], policy.Principal{Name: string(LogWriter)}, Write, false, false},
	} {
		if got := c.acl.Allows(c.who, c.p, c.ignore); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	for action := range onBucket {
		if !policy.Known(action) {
			t.Errorf("%s is not an action", action)
		}
	}
	for action := range onObject {
		if !policy.Known(action) {
			t.Errorf("%s is not an action", action)
		}
	}
}

// TestReader: rules are read once for as long as the bucket's documents are the same.
func TestReader(t *testing.T) {
	var r Reader
	b := objectstore.Bucket{Name: "b"}
	of := func() *Rules {
		t.Helper()
		rules, err := r.Of(&b)
		if err != nil {
			t.Fatal(err)
		}
		return rules
	}
	if !of().ACLs() || of().Chosen() || of().Public() || of().Policy != nil {
		t.Error("a bucket without rules has some")
	}
	b.Documents = b.WithDocument(OwnershipDocument, string(ObjectWriter))
	b.Documents = b.WithDocument(ACLDocument, "public-read")
	first := of()
	if first != of() || !first.ACLs() || !first.ACL.Public() {
		t.Errorf("%+v", first)
	}
	b.Documents = b.WithDocument(PolicyDocument, `{"Statement":{"Effect":"Deny","Principal":"*","Action":"*","Resource":"arn:aws:s3:::b/*"}}`)
	if of().Policy == nil {
		t.Error("a new policy is not seen")
	}
	b.Documents = b.WithDocument(PolicyDocument, `{"Statement":[]}`)
	for range 2 {
		if _, err := r.Of(&b); err == nil {
			t.Error("an unreadable policy is none")
		}
	}
	b.Documents = b.WithDocument(PolicyDocument, "")
	b.Documents = b.WithDocument(OwnershipDocument, "Mine")
	if _, err := r.Of(&b); err == nil {
		t.Error("unreadable ownership is none")
	}
	if n := testing.AllocsPerRun(10, func() { _, _ = r.Of(&b) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestReaderIsBoundedInBytes: few buckets with large policies take no more room.
func TestReaderIsBoundedInBytes(t *testing.T) {
	var r Reader
	for i := range 3 * maxBytes / policy.MaxBytes {
		b := objectstore.Bucket{Name: fmt.Sprint("b", i%600)}
		for _, pad := range []int{i % 5, policy.MaxBytes} {
			b.Documents = b.WithDocument(PolicyDocument, strings.Repeat(" ", pad)+"?")
			if _, err := r.Of(&b); err == nil {
				t.Fatal("it was read")
			}
		}
		held := 0
		for _, k := range r.known {
			held += k.size()
		}
		if held != r.bytes || held > maxBytes || held == 0 {
			t.Fatalf("%d bytes are held and %d counted", held, r.bytes)
		}
	}
}

func TestSetPolicy(t *testing.T) {
	b := &objectstore.Bucket{Name: "b"}
	if err := SetPolicy(b, PublicRead("b"), nil); err != nil || !IsPublicRead(b.Documents[PolicyDocument], "b") || IsPublicRead(PublicRead("c"), "b") || IsPublicRead("{", "b") {
		t.Errorf("%v: %s", err, b.Documents)
	}
	if err := SetPolicy(b, "{}", nil); err == nil || !IsPublicRead(b.Documents[PolicyDocument], "b") {
		t.Errorf("%v: %s", err, b.Documents)
	}
	if err := SetPolicy(b, "", nil); err != nil || b.Documents[PolicyDocument] != "" {
		t.Errorf("%v: %s", err, b.Documents)
	}
	b.Documents = b.WithDocument(BlockDocument, Block{BlockPublicPolicy: true}.Text())
	if err := SetPolicy(b, PublicRead("b"), nil); !errors.Is(err, ErrPolicyPublic) {
		t.Error(err)
	}
	b.Documents = b.WithDocument(BlockDocument, "?") // which cannot be read, so nothing says that it may
	if err := SetPolicy(b, PublicRead("b"), nil); !errors.Is(err, ErrPolicyPublic) {
		t.Error(err)
	}
}

func TestSetOwnership(t *testing.T) {
	b := &objectstore.Bucket{Name: "b"}
	if err := SetOwnership(b, ObjectWriter); err != nil || b.Documents[OwnershipDocument] != "ObjectWriter" {
		t.Errorf("%v: %s", err, b.Documents)
	}
	b.Documents = b.WithDocument(ACLDocument, "public-read")
	if err := SetOwnership(b, OwnerEnforced); !errors.Is(err, ErrACLsSet) {
		t.Error(err)
	}
	if err := SetOwnership(b, Unset); err != nil || b.Documents[OwnershipDocument] != "" || !current(b).Chosen() {
		t.Errorf("%v: %s", err, b.Documents)
	}
	b.Documents = b.WithDocument(ACLDocument, "")
	if err := SetOwnership(b, OwnerEnforced); err != nil || b.Documents[OwnershipDocument] != "BucketOwnerEnforced" || current(b).ACLs() {
		t.Errorf("%v: %s", err, b.Documents)
	}
}
