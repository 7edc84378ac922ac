package s3api

import (
	"encoding/xml"
	"maps"
	"net/http"
	"strings"

	"croft/objectstore"
	"croft/objectstore/grants"
)

// The groups of S3.
const (
	groupEverybody = "http://acs.amazonaws.com/groups/global/AllUsers"
	groupUsers     = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	groupLogs      = "http://acs.amazonaws.com/groups/s3/LogDelivery"
)

const xsi = "http://www.w3.org/2001/XMLSchema-instance"

type granteeXML struct {
	Space       string `xml:"xmlns:xsi,attr"`
	Type        string `xml:"xsi:type,attr"`
	ID          string `xml:"ID,omitempty"`
	DisplayName string `xml:"DisplayName,omitempty"`
	URI         string `xml:"URI,omitempty"`
}

type grantXML struct {
	Grantee    granteeXML        `xml:"Grantee"`
	Permission grants.Permission `xml:"Permission"`
}

type aclXML struct {
	XMLName xml.Name   `xml:"http://s3.amazonaws.com/doc/2006-03-01/ AccessControlPolicy"`
	Owner   ownerXML   `xml:"Owner"`
	Grants  []grantXML `xml:"AccessControlList>Grant"`
}

func sendACL(q *request, acl grants.ACL) {
	out := aclXML{Owner: owner}
	for _, g := range acl {
		one := granteeXML{Space: xsi, Type: "Group"}
		switch g.To {
		case grants.Everybody:
			one.URI = groupEverybody
		case grants.Users:
			one.URI = groupUsers
		case grants.LogWriter:
			one.URI = groupLogs
		case grants.Owner:
			one.Type, one.ID, one.DisplayName = "CanonicalUser", ownerID, ownerID
		default:
			one.Type, one.ID, one.DisplayName = "CanonicalUser", string(g.To), string(g.To)
		}
		out.Grants = append(out.Grants, grantXML{one, g.May})
	}
	writeXML(q.w, http.StatusOK, out)
}

func privateACL() grants.ACL {
	acl, _ := grants.Canned(grants.Private)
	return acl
}

// getBucketACL answers with the bucket's ACL. Where the owner's will is enforced it
// counts for nothing, so there it is private.
func (h *Handler) getBucketACL(q *request) error {
	_, rules, err := h.bucketRules(q)
	if err != nil {
		return err
	}
	acl := rules.ACL
	if !rules.ACLs() {
		acl = privateACL()
	}
	sendACL(q, acl)
	return nil
}

func (h *Handler) getObjectACL(q *request) error {
	_, rules, err := h.bucketRules(q)
	if err != nil {
		return err
	}
	o, err := h.head(q, q.ref())
	if err != nil {
		return err
	}
	acl := privateACL()
	if rules.ACLs() {
		if acl, err = grants.ACLOfObject(o.Attributes.System, rules.Ownership); err != nil {
			return err
		}
	}
	q.setVersion(q.w.Header(), o.VersionID)
	sendACL(q, acl)
	return nil
}

func (h *Handler) putBucketACL(q *request) error {
	acl, err := h.sentACL(q)
	if err != nil {
		return err
	}
	err = h.setRules(q, func(b *objectstore.Bucket, rules *grants.Rules) error {
		if err := mayGrant(rules, acl); err != nil {
			return err
		}
		b.Documents = b.WithDocument(grants.ACLDocument, acl.Text())
		return nil
	})
	if err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusOK)
	return nil
}

func (h *Handler) putObjectACL(q *request) error {
	acl, err := h.sentACL(q)
	if err != nil {
		return err
	}
	store, err := h.keepsVersions()
	if err != nil {
		return err
	}
	_, rules, err := h.bucketRules(q)
	if err != nil {
		return err
	}
	if err := h.mayGrantObject(q, rules, acl); err != nil {
		return err
	}
	o, err := store.UpdateVersion(q.r.Context(), q.ref(), false, func(a *objectstore.Attributes) error {
		a.System = maps.Clone(a.System)
		grants.DropObjectACL(a.System)
		if text := acl.Text(); text != "" {
			if a.System == nil {
				a.System = make(map[string]string)
			}
			a.System[grants.ObjectACL] = text
		}
		return nil
	})
	if err != nil {
		return unreadable(o, err)
	}
	q.setVersion(q.w.Header(), o.VersionID)
	q.w.WriteHeader(http.StatusOK)
	return nil
}

// mayGrant refuses an ACL that the bucket's settings do not allow.
func mayGrant(rules *grants.Rules, acl grants.ACL) error {
	if !rules.ACLs() && !acl.IsPrivate() {
		return fail("AccessControlListNotSupported", "The bucket does not allow ACLs. Use a bucket policy, or set its ownership controls to BucketOwnerPreferred or ObjectWriter first.")
	}
	if rules.Block.BlockPublicACLs && acl.Public() {
		return fail("AccessDenied", "Access Denied. The ACL would be public, and the bucket's public access block refuses public ACLs.")
	}
	return nil
}

// mayGrantObject refuses an object's ACL that the bucket's settings do not allow. Until
// somebody who may change the bucket has said that it uses ACLs, only they open objects
// to others: who may write does not thereby publish.
func (h *Handler) mayGrantObject(q *request, rules *grants.Rules, acl grants.ACL) error {
	if err := mayGrant(rules, acl); err != nil || acl.IsPrivate() || rules.Chosen() {
		return err
	}
	err := h.authorize(q, q.ask(WriteBucket, "s3:PutBucketAcl", q.bucket, "", ""))
	if f, ok := err.(*failure); ok && f.code == "AccessDenied" { //nolint:errorlint // authorize returns it as it is
		f.message = "Access Denied. This bucket does not use ACLs yet: somebody who may change it sets the first one, or its ownership controls."
	}
	return err
}

// sentACL reads the ACL that the request sets, from its header or its body.
func (h *Handler) sentACL(q *request) (grants.ACL, error) {
	data, err := q.body.readAll(maxSetting)
	if err != nil {
		return nil, err
	}
	acl, err := h.headerACL(q)
	switch {
	case err != nil:
		return nil, err
	case acl != nil && len(data) > 0:
		return nil, fail("UnexpectedContent", "This request does not support content: the ACL stands in its header.")
	case acl != nil:
		return acl, nil
	case len(data) == 0:
		return nil, fail("MissingSecurityHeader", "Your request was missing a required header: x-amz-acl.")
	}
	if acl, err = readACL(data); err != nil {
		return nil, err
	}
	return h.bindACL(q, acl)
}

// headerACL is the ACL in the request's header, with the users that it means.
func (h *Handler) headerACL(q *request) (grants.ACL, error) {
	acl, err := headerACL(q.r.Header)
	if err != nil {
		return nil, err
	}
	return h.bindACL(q, acl)
}

// bindACL refuses users that there are not.
func (h *Handler) bindACL(q *request, acl grants.ACL) (grants.ACL, error) {
	acl, stranger, err := grants.BindACL(q.r.Context(), h.directory, acl)
	if stranger != "" {
		return nil, failf("InvalidArgument", "Invalid id: there is no user %s. The ID of a user is the user's name.", xmlLimit(stranger))
	}
	return acl, err
}

// grantHeaders are the headers that grant something to those that they name.
var grantHeaders = []struct {
	header     string
	permission grants.Permission
}{
	{"X-Amz-Grant-Read", grants.Read},
	{"X-Amz-Grant-Write", grants.Write},
	{"X-Amz-Grant-Read-Acp", grants.ReadACL},
	{"X-Amz-Grant-Write-Acp", grants.WriteACL},
	{"X-Amz-Grant-Full-Control", grants.FullControl},
}

// headerACL reads the ACL in a header; nil, there is none.
func headerACL(header http.Header) (grants.ACL, error) {
	var acl grants.ACL
	for _, one := range grantHeaders {
		if header[one.header] == nil {
			continue
		}
		for grantee := range strings.SplitSeq(first(header, one.header), ",") {
			kind, value, ok := strings.Cut(strings.TrimSpace(grantee), "=")
			if !ok {
				return nil, failf("InvalidArgument", "The header %s names grantees like id=\"NAME\" or uri=\"…\".", strings.ToLower(one.header))
			}
			to, err := readGrantee(strings.ToLower(strings.TrimSpace(kind)), strings.Trim(strings.TrimSpace(value), `"`))
			if err != nil {
				return nil, err
			}
			acl = append(acl, grants.Grant{To: to, May: one.permission})
		}
	}
	name := first(header, "X-Amz-Acl")
	if name == "" {
		return acl, checkGrants(acl)
	}
	if acl != nil {
		return nil, fail("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed")
	}
	acl, ok := grants.Canned(name)
	if !ok {
		return nil, failf("InvalidArgument", "There is no canned ACL %s.", xmlLimit(name))
	}
	return acl, nil
}

func checkGrants(acl grants.ACL) error {
	if len(acl) > grants.MaxGrants {
		return failf("MalformedACLError", "An ACL has at most %d grants.", grants.MaxGrants)
	}
	return nil
}

// readGrantee reads whom a grant is for. Users go by their names, the owner by the ID
// that every answer gives it.
func readGrantee(kind, value string) (grants.Grantee, error) {
	switch kind {
	case "id":
		if value == ownerID {
			return grants.Owner, nil
		}
		if to, ok := grants.User(value); ok {
			return to, nil
		}
		return "", fail("InvalidArgument", "Invalid id. The ID of a user is the user's name.")
	case "uri":
		switch value {
		case groupEverybody:
			return grants.Everybody, nil
		case groupUsers:
			return grants.Users, nil
		case groupLogs:
			return grants.LogWriter, nil
		}
		return "", fail("InvalidArgument", "Invalid group uri")
	case "emailaddress":
		return "", fail("UnresolvableGrantByEmailAddress", "The email address you provided does not match any account on record. Name users by id.")
	}
	return "", fail("InvalidArgument", "Argument format not recognized")
}

// readACL reads an AccessControlPolicy.
func readACL(data []byte) (grants.ACL, error) {
	malformed := fail("MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema")
	root, err := readElement(data, "AccessControlPolicy")
	if err != nil {
		return nil, malformed
	}
	var acl grants.ACL
	var id, display string
	var wrong error // that has a code of its own
	owners, lists := 0, 0
	err = root.fields(map[string]func(*element) error{
		"Owner": func(e *element) error {
			owners++
			return e.fields(map[string]func(*element) error{"ID": once(&id), "DisplayName": once(&display)})
		},
		"AccessControlList": func(e *element) error {
			lists++
			return e.fields(map[string]func(*element) error{"Grant": func(e *element) error {
				g, err := readGrant(e)
				if err != nil && wrong == nil {
					wrong = err
				}
				acl = append(acl, g)
				return nil
			}})
		},
	})
	switch {
	case err != nil || owners != 1 || lists != 1:
		return nil, malformed
	case wrong != nil:
		return nil, wrong
	case id != ownerID:
		return nil, failf("AccessDenied", "Access Denied. The owner is %s and cannot be changed.", ownerID)
	}
	return acl, checkGrants(acl)
}

func readGrant(e *element) (g grants.Grant, err error) {
	malformed := fail("MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema")
	var permission, id, display, uri, email string
	grantees := 0
	err = e.fields(map[string]func(*element) error{
		"Grantee": func(e *element) error {
			grantees++
			return e.fields(map[string]func(*element) error{
				"ID": once(&id), "DisplayName": once(&display), "URI": once(&uri), "EmailAddress": once(&email),
			})
		},
		"Permission": once(&permission),
	})
	g.May = grants.Permission(permission)
	if err != nil || grantees != 1 || !g.May.Valid() {
		return g, malformed
	}
	switch {
	case id != "" && uri == "" && email == "":
		g.To, err = readGrantee("id", id)
	case uri != "" && id == "" && email == "":
		g.To, err = readGrantee("uri", uri)
	case email != "" && id == "" && uri == "":
		g.To, err = readGrantee("emailaddress", email)
	default:
		err = malformed
	}
	return g, err
}

// checkACL refuses the ACL that comes with an object that is written where the bucket's
// settings do not allow it.
func (h *Handler) checkACL(q *request) error {
	if q.op.permission() != "s3:PutObject" {
		return nil
	}
	acl, err := h.headerACL(q)
	if acl == nil || err != nil {
		return err
	}
	q.acl = acl
	_, rules, err := h.bucketRules(q)
	if err != nil {
		return err
	}
	return h.mayGrantObject(q, rules, acl)
}

// newDocuments are what a bucket is made with: ACL and ownership, when they are named.
func (h *Handler) newDocuments(q *request) (map[string]string, error) {
	var b objectstore.Bucket
	ownership, ok := grants.ParseOwnership(first(q.r.Header, "X-Amz-Object-Ownership"))
	if !ok {
		return nil, fail("InvalidArgument", "Invalid x-amz-object-ownership header: "+xmlLimit(first(q.r.Header, "X-Amz-Object-Ownership")))
	}
	if ownership != grants.Unset {
		b.Documents = b.WithDocument(grants.OwnershipDocument, string(ownership))
	}
	acl, err := h.headerACL(q)
	if err != nil {
		return nil, err
	}
	if acl != nil {
		if ownership == grants.OwnerEnforced && !acl.IsPrivate() {
			return nil, errACLWithOwnership()
		}
		b.Documents = b.WithDocument(grants.ACLDocument, acl.Text())
	}
	if len(b.Documents) > 0 && h.versions == nil {
		_, err := h.keepsVersions()
		return nil, err
	}
	return b.Documents, nil
}
