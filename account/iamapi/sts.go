package iamapi

import (
	"strings"

	"croft/account"
)

// callerIdentity tells whoever signed who they are.
func (q *request) callerIdentity() ([]node, error) {
	p := q.by.Principal
	id := p.UserID
	if p.Role != "" {
		id = p.Name
	}
	return []node{text("Arn", p.CallerARN()), text("UserId", id), text("Account", account.AccountNumber)}, nil
}

func credentials(t account.Temporary) node {
	return e("Credentials", text("AccessKeyId", t.AccessKey), text("SecretAccessKey", t.Secret), text("SessionToken", t.Token), at("Expiration", t.Expires))
}

func assumed(t account.Temporary) node {
	return e("AssumedRoleUser", text("Arn", t.Principal.CallerARN()), text("AssumedRoleId", t.Principal.Name))
}

// session reads what a call wants of a session. A RoleArn that is none of AWS's is a
// word that some clients have to say: MinIO's documentation writes arn:xxx:xxx:xxx:xxxx.
func (q *request) session() (account.SessionRequest, error) {
	lasts, err := q.seconds("DurationSeconds")
	r := account.SessionRequest{
		Session: q.form.Get("RoleSessionName"), Policy: q.form.Get("Policy"), ExternalID: q.form.Get("ExternalId"), Lasts: lasts, Facts: facts{q},
	}
	if err != nil {
		return r, err
	}
	for i := 1; q.form.Has(member("PolicyArns", i, "arn")); i++ {
		arn := q.form.Get(member("PolicyArns", i, "arn"))
		name, ok := account.NameOfARN("policy", arn)
		if !ok {
			return r, invalid("ARN " + short(arn) + " is not valid.")
		}
		r.PolicyNames = append(r.PolicyNames, name)
	}
	if arn := q.form.Get("RoleArn"); strings.HasPrefix(arn, "arn:aws:") {
		var ok bool
		if r.Role, ok = account.NameOfARN("role", arn); !ok {
			return r, invalid(short(arn) + " is invalid: a role is " + account.IAMARN("role", "NAME") + ".")
		}
		if r.Session == "" {
			return r, invalid("The request must contain the parameter RoleSessionName.")
		}
	}
	q.target = q.form.Get("RoleArn")
	return r, nil
}

func (q *request) assumeRole() ([]node, error) {
	r, err := q.session()
	if err != nil {
		return nil, err
	}
	if r.Role == "" && r.Session != "" {
		r.Session = "" // it is the caller's own; a name would be one more than there is
	}
	t, err := q.h.Accounts.AssumeRole(q.ctx, q.by.Principal, q.by.Token, r)
	if err != nil {
		return nil, err
	}
	return []node{assumed(t), credentials(t)}, nil
}

func (q *request) assumeRoleWithWebIdentity() ([]node, error) {
	r, err := q.session()
	if err != nil {
		return nil, err
	}
	token, err := q.need("WebIdentityToken")
	if err != nil {
		return nil, err
	}
	who, err := q.h.Tokens.Verify(q.ctx, token)
	if err != nil {
		return nil, err
	}
	q.target += " " + account.IAMARN(providerKind, who.Provider.Name()) + " " + who.Subject
	t, err := q.h.Accounts.AssumeRoleWithWebIdentity(q.ctx, who, r)
	if err != nil {
		return nil, err
	}
	return []node{
		text("SubjectFromWebIdentityToken", who.Subject), text("Audience", who.Audience), text("Provider", account.IAMARN(providerKind, who.Provider.Name())),
		assumed(t), credentials(t),
	}, nil
}

func (q *request) sessionToken() ([]node, error) {
	lasts, err := q.seconds("DurationSeconds")
	if err != nil {
		return nil, err
	}
	q.target = q.by.Principal.CallerARN()
	t, err := q.h.Accounts.SessionToken(q.ctx, q.by.Principal, lasts)
	if err != nil {
		return nil, err
	}
	return []node{credentials(t)}, nil
}

func (q *request) federationToken() ([]node, error) {
	r, err := q.session()
	if err != nil {
		return nil, err
	}
	r.Session = q.form.Get("Name")
	q.target = short(r.Session)
	t, err := q.h.Accounts.FederationToken(q.ctx, q.by.Principal, r)
	if err != nil {
		return nil, err
	}
	return []node{e("FederatedUser", text("Arn", t.Principal.CallerARN()), text("FederatedUserId", account.AccountNumber+":"+r.Session)), credentials(t)}, nil
}
