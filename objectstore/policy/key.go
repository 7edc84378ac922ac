package policy

import "strings"

// keys are the condition keys there are. What a request does not have of them it has
// not, as with AWS: Croft has no VPCs, and no request comes out of one.
var keys = set(
	"aws:CurrentTime", "aws:EpochTime", "aws:MultiFactorAuthAge", "aws:MultiFactorAuthPresent", "aws:PrincipalAccount",
	"aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalServiceName",
	"aws:PrincipalType", "aws:Referer", "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:SecureTransport",
	"aws:SourceAccount", "aws:SourceArn", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceVpc", "aws:SourceVpce", "aws:TagKeys",
	"aws:TokenIssueTime", "aws:UserAgent", "aws:userid", "aws:username", "aws:ViaAWSService", "aws:VpcSourceIp",

	"s3:authType", "s3:delimiter", "s3:if-match", "s3:if-none-match", "s3:LocationConstraint", "s3:max-keys", "s3:object-lock-legal-hold",
	"s3:object-lock-mode", "s3:object-lock-remaining-retention-days", "s3:object-lock-retain-until-date", "s3:prefix",
	"s3:RequestObjectTagKeys", "s3:ResourceAccount", "s3:signatureAge", "s3:signatureversion", "s3:TlsVersion", "s3:VersionId",
	"s3:x-amz-acl", "s3:x-amz-content-sha256", "s3:x-amz-copy-source", "s3:x-amz-grant-full-control", "s3:x-amz-grant-read",
	"s3:x-amz-grant-read-acp", "s3:x-amz-grant-write", "s3:x-amz-grant-write-acp", "s3:x-amz-metadata-directive",
	"s3:x-amz-object-ownership", "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id",
	"s3:x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-storage-class", "s3:x-amz-website-redirect-location",

	"aws:FederatedProvider", "iam:PolicyARN", "sts:ExternalId", "sts:RoleSessionName",
)

// Claim is what begins the condition keys that are claims of whoever signed in
// elsewhere: "jwt:preferred_username".
const Claim = "jwt:"

// claimKey spells the condition key of a trust policy that is a claim of a provider's
// token: "issuer.example.com/realm:aud".
func claimKey(key string) (string, bool) {
	i := strings.LastIndexByte(key, ':')
	if i <= 0 || i == len(key)-1 || strings.ContainsAny(key, " ${}*?") {
		return "", false
	}
	host, _, _ := strings.Cut(key[:i], "/")
	return strings.ToLower(key), strings.ContainsAny(host, ".:") || host == "localhost"
}

// tagKeys are the condition keys that end in the name of a tag.
var tagKeys = set("aws:PrincipalTag", "aws:RequestTag", "aws:ResourceTag", "s3:BucketTag", "s3:ExistingObjectTag", "s3:RequestObjectTag")

func set(names ...string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[strings.ToLower(name)] = true
	}
	return all
}

// canonicalKey spells a condition key as Context is asked for it: how it is
// capitalised does not matter, but for the name of a tag.
func canonicalKey(key string) (string, bool) {
	if prefix, tag, ok := strings.Cut(key, "/"); ok {
		prefix = strings.ToLower(prefix)
		return prefix + "/" + tag, tag != "" && tagKeys[prefix]
	}
	key = strings.ToLower(key)
	if name, ok := strings.CutPrefix(key, Claim); ok {
		return key, name != "" && !strings.ContainsAny(name, " ${}*?")
	}
	return key, keys[key]
}
