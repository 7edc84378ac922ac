package account

import "strings"

// AccountNumber is the account that a Croft is, where AWS has one.
const AccountNumber = "000000000000"

const (
	ownARN   = "arn:aws:iam::" + AccountNumber + ":"
	cannedIn = "arn:aws:iam::aws:policy/"
)

// PolicyClaimTag is the tag that clients of IAM set Provider.PolicyClaim with.
const PolicyClaimTag = "croft:policy-claim"

// IAMARN names what IAM has: IAMARN("user", "ada").
func IAMARN(kind, name string) string { return ownARN + kind + "/" + name }

// PolicyARN names a policy.
func PolicyARN(name string) string {
	if BuiltIn(name) {
		return cannedIn + name
	}
	return IAMARN("policy", name)
}

// NameOfARN returns the name of what an ARN of this kind is about. A policy that is
// built in may be written as one of AWS's or of this account.
func NameOfARN(kind, arn string) (string, bool) {
	name, ok := strings.CutPrefix(arn, ownARN+kind+"/")
	if !ok && kind == "policy" {
		name, ok = strings.CutPrefix(arn, cannedIn)
		if i := strings.LastIndexByte(name, '/'); i >= 0 { // AWS keeps some in folders
			name = name[i+1:]
		}
	}
	return name, ok && name != ""
}

// CallerARN is who a principal is in ARNs.
func (p Principal) CallerARN() string {
	switch {
	case p.Role != "":
		return "arn:aws:sts::" + AccountNumber + ":assumed-role/" + p.Role + "/" + p.Session
	case p.Temporary && p.Session != "":
		return "arn:aws:sts::" + AccountNumber + ":federated-user/" + p.Session
	}
	return IAMARN("user", p.Name)
}
