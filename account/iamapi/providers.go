package iamapi

import (
	"slices"
	"strconv"
	"strings"

	"croft/account"
)

const providerKind = "oidc-provider"

// createProvider lets in whoever another system vouches for: only administrators decide
// whom Croft believes.
func (q *request) createProvider() ([]node, error) {
	address, err := q.need("Url")
	if err != nil {
		return nil, err
	}
	_, name, _ := strings.Cut(address, "://")
	if err := q.permit(account.Deed{Resource: account.IAMARN(providerKind, name), AdminOnly: true}); err != nil {
		return nil, err
	}
	claim, _, err := q.policyClaim()
	if err != nil {
		return nil, err
	}
	p, err := q.h.Accounts.CreateProvider(q.ctx, account.NewProvider{
		URL: address, Clients: q.members("ClientIDList"), Thumbprints: q.members("ThumbprintList"), PolicyClaim: claim,
	})
	if err != nil {
		return nil, err
	}
	return append([]node{text("OpenIDConnectProviderArn", account.IAMARN(providerKind, p.Name()))}, tagsOf(p)...), nil
}

// policyClaim reads the one tag that providers have here. IAM has no word for what it
// sets, and every client of IAM can set tags.
func (q *request) policyClaim() (on, said bool, err error) {
	for i := 1; q.form.Has(member("Tags", i, "Key")); i++ {
		key, value := q.form.Get(member("Tags", i, "Key")), q.form.Get(member("Tags", i, "Value"))
		switch {
		case key != account.PolicyClaimTag:
			return false, false, unsupported("Croft keeps no tags of providers but " + account.PolicyClaimTag + ".")
		case value != "true" && value != "false":
			return false, false, invalid("The tag " + account.PolicyClaimTag + " is true or false.")
		}
		on, said = value == "true", true
	}
	return on, said, nil
}

// tagsOf is the tag of a provider, where it is set.
func tagsOf(p account.Provider) []node {
	if !p.PolicyClaim {
		return nil
	}
	return []node{list("Tags", []string{account.PolicyClaimTag}, func(key string) []node { return []node{text("Key", key), text("Value", "true")} })}
}

func (q *request) tagProvider() ([]node, error) {
	p, err := q.provider()
	if err != nil {
		return nil, err
	}
	on, said, err := q.policyClaim()
	if err != nil || !said {
		return nil, err
	}
	q.target += " " + account.PolicyClaimTag + "=" + strconv.FormatBool(on)
	return nil, q.h.Accounts.SetProviderPolicyClaim(q.ctx, p.Name(), on)
}

func (q *request) untagProvider() ([]node, error) {
	p, err := q.provider()
	if err != nil || !slices.Contains(q.members("TagKeys"), account.PolicyClaimTag) {
		return nil, err
	}
	return nil, q.h.Accounts.SetProviderPolicyClaim(q.ctx, p.Name(), false)
}

func (q *request) listProviderTags() ([]node, error) {
	p, err := q.provider()
	if err != nil {
		return nil, err
	}
	tags := tagsOf(p)
	if tags == nil {
		tags = []node{e("Tags")}
	}
	return append(tags, truth("IsTruncated", false)), nil
}

// provider finds the provider that a call is about.
func (q *request) provider() (account.Provider, error) {
	arn, err := q.need("OpenIDConnectProviderArn")
	if err != nil {
		return account.Provider{}, err
	}
	name, ok := account.NameOfARN(providerKind, arn)
	if !ok {
		return account.Provider{}, invalid("Invalid ARN: " + short(arn))
	}
	if err := q.permit(account.Deed{Resource: arn, AdminOnly: q.call.changes}); err != nil {
		return account.Provider{}, err
	}
	return q.h.Accounts.Provider(q.ctx, name)
}

func (q *request) getProvider() ([]node, error) {
	p, err := q.provider()
	if err != nil {
		return nil, err
	}
	about := []node{text("Url", p.Name()), names("ClientIDList", p.Clients), names("ThumbprintList", p.Thumbprints), at("CreateDate", p.CreatedAt)}
	return append(about, tagsOf(p)...), nil
}

func (q *request) listProviders() ([]node, error) {
	if err := q.about(providerKind, "*"); err != nil {
		return nil, err
	}
	all, err := q.h.Accounts.ListProviders(q.ctx)
	return []node{list("OpenIDConnectProviderList", all, func(p account.Provider) []node {
		return []node{text("Arn", account.IAMARN(providerKind, p.Name()))}
	})}, err
}

func (q *request) deleteProvider() ([]node, error) {
	p, err := q.provider()
	if err != nil {
		return nil, err
	}
	return nil, q.h.Accounts.DeleteProvider(q.ctx, p.Name())
}

func (q *request) addClient() ([]node, error) {
	return nil, q.setClients(func(clients []string, id string) []string {
		if slices.Contains(clients, id) {
			return clients
		}
		return append(clients, id)
	})
}

func (q *request) removeClient() ([]node, error) {
	return nil, q.setClients(func(clients []string, id string) []string {
		return slices.DeleteFunc(clients, func(one string) bool { return one == id })
	})
}

func (q *request) setClients(set func(clients []string, id string) []string) error {
	p, err := q.provider()
	if err != nil {
		return err
	}
	id, err := q.need("ClientID")
	if err != nil {
		return err
	}
	return q.h.Accounts.SetProviderClients(q.ctx, p.Name(), func(clients []string) []string { return set(clients, id) })
}
