package account

import (
	"strings"
	"time"
)

// Fact is what conditions may know of who asks, by the condition key in lower case. It
// is the same whatever is asked, of S3, IAM or the server. ok is false where the key is
// about something else.
func (p *Principal) Fact(key string) (values []string, ok bool) {
	one := func(v string) ([]string, bool) {
		if v == "" {
			return nil, true
		}
		return []string{v}, true
	}
	switch key {
	case "aws:username":
		if p.Role != "" {
			return nil, true
		}
		return one(p.Name)
	case "aws:userid":
		if p.Role != "" {
			return one(p.Name)
		}
		return one(p.UserID)
	case "aws:principalarn":
		switch {
		case p.Role != "":
			return one(IAMARN("role", p.Role))
		case p.Name == "":
			return nil, true
		}
		return one(IAMARN("user", p.Name))
	case "aws:principaltype":
		switch {
		case p.Nobody():
			return one("Anonymous")
		case p.Role != "":
			return one("AssumedRole")
		}
		return one("User")
	case "aws:principalaccount":
		if p.Nobody() {
			return nil, true
		}
		return one(AccountNumber)
	case "sts:rolesessionname":
		return one(p.Session)
	case "aws:tokenissuetime":
		if !p.Temporary {
			return nil, true
		}
		return one(p.Grants.Issued.Format(time.RFC3339))
	}
	if claim, ok := strings.CutPrefix(key, "jwt:"); ok {
		if p.Grants == nil {
			return nil, true
		}
		return p.Grants.Claims[claim], true
	}
	return nil, false
}
