package grants

import (
	"encoding/json"
	"slices"
	"strings"

	"croft/internal/errs"
	"croft/objectstore/policy"
)

// Permission is what a grant allows.
type Permission string

// The permissions, spelled as in S3.
const (
	Read        Permission = "READ"
	Write       Permission = "WRITE"
	ReadACL     Permission = "READ_ACP"
	WriteACL    Permission = "WRITE_ACP"
	FullControl Permission = "FULL_CONTROL"
)

// Valid reports whether p is one of the permissions.
func (p Permission) Valid() bool {
	return p == Read || p == Write || p == ReadACL || p == WriteACL || p == FullControl
}

// Grantee is to whom something is granted: a user by name, or one of the following.
type Grantee string

// The grantees that are not a user. Owner is the account that every bucket and object
// is of; in it, roles decide.
const (
	Owner     Grantee = ":owner"
	Everybody Grantee = ":everybody" // requests without a signature too
	Users     Grantee = ":users"     // every user of this Croft
	LogWriter Grantee = ":log"       // who writes access logs, which is Croft itself
)

// Grant allows one thing to one grantee. ID is that of a user, whose name may be
// somebody else's later; empty, it is from before grants had one.
type Grant struct {
	To  Grantee    `json:"to"`
	May Permission `json:"may"`
	ID  string     `json:"id,omitempty"`
}

// ACL is a list of grants.
type ACL []Grant

// MaxGrants is how many grants an ACL has at most, as in S3.
const MaxGrants = 100

// Private is the name of the ACL that grants nobody anything but the owner.
const Private = "private"

var private = ACL{{To: Owner, May: FullControl}}

// canned are the ACLs that have a name; groups stand first, where old clients look for them.
var canned = map[string]ACL{
	Private:                     private,
	"bucket-owner-full-control": private,
	"bucket-owner-read":         private,
	"public-read":               {{To: Everybody, May: Read}, {To: Owner, May: FullControl}},
	"public-read-write":         {{To: Everybody, May: Read}, {To: Everybody, May: Write}, {To: Owner, May: FullControl}},
	"authenticated-read":        {{To: Users, May: Read}, {To: Owner, May: FullControl}},
	"log-delivery-write":        {{To: LogWriter, May: Write}, {To: LogWriter, May: ReadACL}, {To: Owner, May: FullControl}},
}

// Canned returns the ACL of a name.
func Canned(name string) (ACL, bool) {
	a, ok := canned[name]
	return a, ok
}

// names are the canned ACLs that ACLs are kept as, and the shortest text of each.
var names = []string{"public-read", "public-read-write", "authenticated-read", "log-delivery-write"}

// Text is how the ACL is kept: nothing, a name, or a list.
func (a ACL) Text() string {
	if slices.Equal(a, private) {
		return ""
	}
	if len(a) == 0 {
		return "[]" // one that grants nothing at all, which is kept as it was sent
	}
	for _, name := range names {
		if slices.Equal(a, canned[name]) {
			return name
		}
	}
	text, _ := json.Marshal(a) // of texts, which can always be written
	return string(text)
}

// ParseACL reads what Text wrote.
func ParseACL(text string) (ACL, error) {
	if text == "" {
		return private, nil
	}
	if a, ok := canned[text]; ok {
		return a, nil
	}
	var a ACL
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		return nil, errs.Wrap(err, errs.Internal, "acl_unreadable", "The kept ACL cannot be read")
	}
	return a, nil
}

// ACLOfObject is the ACL that an object's system attributes keep, as far as it can count
// with an ownership. An earlier one does not where none was chosen: somebody may have
// switched ACLs off there.
func ACLOfObject(system map[string]string, o Ownership) (ACL, error) {
	text, ok := system[ObjectACL]
	if !ok && o != Unset {
		text = system[earlierObjectACL]
	}
	return ParseACL(text)
}

// DropObjectACL takes the ACL from an object's system attributes.
func DropObjectACL(system map[string]string) {
	delete(system, ObjectACL)
	delete(system, earlierObjectACL)
}

// IsPrivate reports whether only the owner is granted anything.
func (a ACL) IsPrivate() bool {
	return !slices.ContainsFunc(a, func(g Grant) bool { return g.To != Owner })
}

// Public reports whether something is granted to everybody, or to every user, which
// S3 counts as public too.
func (a ACL) Public() bool {
	return slices.ContainsFunc(a, Grant.public)
}

func (g Grant) user() bool {
	return g.To != Owner && g.To != LogWriter && !g.public()
}

func (g Grant) public() bool { return g.To == Everybody || g.To == Users }

// onBucket and onObject are the actions that a permission stands for.
var (
	onBucket = map[string]Permission{
		"s3:ListBucket": Read, "s3:ListBucketVersions": Read, "s3:ListBucketMultipartUploads": Read,
		"s3:PutObject": Write, "s3:GetBucketAcl": ReadACL, "s3:PutBucketAcl": WriteACL,
	}
	onObject = map[string]Permission{
		"s3:GetObject": Read, "s3:GetObjectVersion": Read,
		"s3:GetObjectAcl": ReadACL, "s3:GetObjectVersionAcl": ReadACL,
		"s3:PutObjectAcl": WriteACL, "s3:PutObjectVersionAcl": WriteACL,
	}
)

// OfBucket and OfObject return whether the ACL of a bucket or of an object says
// something about an action, and what it needs.
func OfBucket(action string) (Permission, bool) {
	p, ok := onBucket[action]
	return p, ok
}

// OfObject is OfBucket for objects.
func OfObject(action string) (Permission, bool) {
	p, ok := onObject[action]
	return p, ok
}

// Allows reports whether the ACL grants somebody a permission. What it grants to the
// owner is not looked at: those are the people whom roles speak of. With ignorePublic
// nothing counts that makes it public.
func (a ACL) Allows(who policy.Principal, p Permission, ignorePublic bool) bool {
	for _, g := range a {
		if (g.May != p && g.May != FullControl) || (ignorePublic && g.public()) {
			continue
		}
		switch g.To {
		case Everybody:
			return true
		case Users:
			if who.Name != "" {
				return true
			}
		case Owner, LogWriter:
		default:
			if who.Name == string(g.To) && who.Name != "" && (g.ID == who.ID || (g.ID == "" && !who.ByID)) {
				return true
			}
		}
	}
	return false
}

// User makes a grantee of a user's name, or refuses what cannot be one.
func User(name string) (Grantee, bool) {
	return Grantee(name), name != "" && len(name) <= 128 && !strings.ContainsAny(name, ": \t\r\n\"<>&*")
}
