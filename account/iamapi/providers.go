package iamapi

import (
	"slices"
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
	p, err := q.h.Accounts.CreateProvider(q.ctx, address, q.members("ClientIDList"), q.members("ThumbprintList"))
	if err != nil {
		return nil, err
	}
	return []node{text("OpenIDConnectProviderArn", account.IAMARN(providerKind, p.Name()))}, nil
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
	return []node{text("Url", p.Name()), names("ClientIDList", p.Clients), names("ThumbprintList", p.Thumbprints), at("CreateDate", p.CreatedAt)}, nil
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
