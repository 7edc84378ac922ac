package policy

import (
	"slices"
	"strings"
)

// ActionWord is an action as whoever writes policies looks for it.
type ActionWord struct {
	Name  string // "s3:GetObject"
	Group string // one of the groups below
	On    string // "object", "bucket" or "service"
}

// The groups of actions.
const (
	GroupRead        = "read"
	GroupWrite       = "write"
	GroupList        = "list"
	GroupPermissions = "permissions"
)

// KeyWord is a condition key as whoever writes policies looks for it.
type KeyWord struct {
	Name string // "aws:SourceIp"
	Kind string // of its values, one of the kinds below
	Tag  bool   // the name of a tag follows behind a slash
}

// The kinds of values that condition keys have.
const (
	KindText    = "text"
	KindNumber  = "number"
	KindDate    = "date"
	KindBoolean = "boolean"
	KindAddress = "address"
	KindARN     = "arn"
)

// aboutPermissions are parts of the names of actions that give or show rights.
var aboutPermissions = []string{"Acl", "Policy", "PublicAccessBlock", "OwnershipControls", "BypassGovernance", "ObjectOwnerOverride"}

// ActionWords lists S3's actions in groups, sorted by name.
func ActionWords() []ActionWord {
	words := make([]ActionWord, 0, len(actions))
	for _, name := range Actions() {
		short := name[len(service):]
		w := ActionWord{Name: name, Group: groupOf(short)}
		switch actions[short] {
		case onService:
			w.On = "service"
		case onBucket:
			w.On = "bucket"
		default:
			w.On = "object"
		}
		words = append(words, w)
	}
	return words
}

func groupOf(name string) string {
	switch {
	case slices.ContainsFunc(aboutPermissions, func(part string) bool { return strings.Contains(name, part) }):
		return GroupPermissions
	case strings.HasPrefix(name, "List"):
		return GroupList
	case strings.HasPrefix(name, "Get"):
		return GroupRead
	}
	return GroupWrite
}

// keyWords are the condition keys that requests here can have.
var keyWords = []KeyWord{
	{"aws:SourceIp", KindAddress, false},
	{"aws:SecureTransport", KindBoolean, false},
	{"aws:CurrentTime", KindDate, false},
	{"aws:EpochTime", KindNumber, false},
	{"aws:username", KindText, false},
	{"aws:userid", KindText, false},
	{"aws:PrincipalArn", KindARN, false},
	{"aws:PrincipalType", KindText, false},
	{"aws:Referer", KindText, false},
	{"aws:UserAgent", KindText, false},
	{"aws:RequestedRegion", KindText, false},
	{"s3:prefix", KindText, false},
	{"s3:delimiter", KindText, false},
	{"s3:max-keys", KindNumber, false},
	{"s3:ExistingObjectTag", KindText, true},
	{"s3:RequestObjectTag", KindText, true},
	{"s3:RequestObjectTagKeys", KindText, false},
	{"s3:VersionId", KindText, false},
	{"s3:authType", KindText, false},
	{"s3:signatureversion", KindText, false},
	{"s3:signatureAge", KindNumber, false},
	{"s3:if-match", KindText, false},
	{"s3:if-none-match", KindText, false},
	{"s3:object-lock-legal-hold", KindText, false},
	{"s3:object-lock-mode", KindText, false},
	{"s3:object-lock-retain-until-date", KindDate, false},
	{"s3:x-amz-acl", KindText, false},
	{"s3:x-amz-copy-source", KindText, false},
	{"s3:x-amz-grant-full-control", KindText, false},
	{"s3:x-amz-grant-read", KindText, false},
	{"s3:x-amz-grant-read-acp", KindText, false},
	{"s3:x-amz-grant-write", KindText, false},
	{"s3:x-amz-grant-write-acp", KindText, false},
	{"s3:x-amz-metadata-directive", KindText, false},
	{"s3:x-amz-object-ownership", KindText, false},
	{"s3:x-amz-server-side-encryption", KindText, false},
	{"s3:x-amz-server-side-encryption-customer-algorithm", KindText, false},
	{"s3:x-amz-storage-class", KindText, false},
	{"s3:x-amz-website-redirect-location", KindText, false},
	{"s3:x-amz-content-sha256", KindText, false},
}

// KeyWords lists the condition keys that requests here can have, those that are asked
// for most first. Policies may name others, of which no request has a value.
func KeyWords() []KeyWord { return slices.Clone(keyWords) }

// operatorsOf are the operators that fit a kind of values; Null fits all of them.
var operatorsOf = map[string][]string{
	KindText: {
		"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike",
	},
	KindNumber: {
		"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals",
	},
	KindDate: {
		"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals",
	},
	KindBoolean: {"Bool"},
	KindAddress: {"IpAddress", "NotIpAddress"},
	KindARN:     {"ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike", "StringEquals", "StringNotEquals", "StringLike", "StringNotLike"},
}

// OperatorsOf returns the operators that fit a kind of values, the plainest first.
func OperatorsOf(kind string) []string {
	if operatorsOf[kind] == nil {
		return nil
	}
	return append(slices.Clone(operatorsOf[kind]), null)
}

// Kinds lists the kinds of values.
func Kinds() []string {
	return []string{KindText, KindNumber, KindDate, KindBoolean, KindAddress, KindARN}
}
