package account

import (
	"slices"
	"time"
)

// canned are the policies that are there without anybody having made them, by their
// names: those of MinIO, and those of AWS that people attach.
var canned = map[string]string{
	"readonly":  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetBucketLocation","s3:GetObject"],"Resource":["arn:aws:s3:::*"]}]}`,
	"readwrite": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}]}`,
	"writeonly": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:PutObject"],"Resource":["arn:aws:s3:::*"]}]}`,
	"diagnostics": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["admin:ServerInfo","admin:ServerTrace","admin:ConsoleLog","admin:Prometheus",` +
		`"admin:OBDInfo","admin:TopLocksInfo","admin:BandwidthMonitor","admin:Profiling"],"Resource":["arn:aws:s3:::*"]}]}`,
	"consoleAdmin": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["admin:*"]},{"Effect":"Allow","Action":["kms:*"]},` +
		`{"Effect":"Allow","Action":["s3:*"],"Resource":["arn:aws:s3:::*"]}]}`,
	"AmazonS3FullAccess":     `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":"*"}]}`,
	"AmazonS3ReadOnlyAccess": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"*"}]}`,
	"IAMFullAccess":          `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*"],"Resource":"*"}]}`,
	"IAMReadOnlyAccess":      `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:Get*","iam:List*","iam:Simulate*"],"Resource":"*"}]}`,
}

// cannedSince is when they are said to have been made.
var cannedSince = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// BuiltIn reports whether a policy is one that cannot be changed.
func BuiltIn(name string) bool { return canned[name] != "" }

func cannedPolicies() []Policy {
	all := make([]Policy, 0, len(canned))
	for name := range canned {
		all = append(all, cannedPolicy(name))
	}
	slices.SortFunc(all, byPolicyName)
	return all
}

func cannedPolicy(name string) Policy {
	return Policy{
		ID: "builtin-" + name, Name: name, BuiltIn: true, Version: 1, Document: canned[name], CreatedAt: cannedSince, UpdatedAt: cannedSince,
	}
}
