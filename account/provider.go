package account

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/store"
)

// Provider is an OpenID Connect provider whose tokens count here.
type Provider struct {
	ID          string
	URL         string   // the issuer, to the letter: "https://id.example.com/realms/team"
	Clients     []string // the audiences of tokens that are meant for Croft
	Thumbprints []string // of certificates; kept for clients that ask, and not looked at
	// PolicyClaim has the policies hold that the claim "policy" of a token names, without a
	// role: whoever can write that claim at the provider can have any policy there is.
	PolicyClaim bool
	CreatedAt   time.Time
}

// NewProvider is a provider to believe.
type NewProvider struct {
	URL         string
	Clients     []string
	Thumbprints []string
	PolicyClaim bool
}

// Name is the provider's in ARNs and in the condition keys of trust policies: its URL
// without the scheme.
func (p Provider) Name() string {
	_, name, _ := strings.Cut(p.URL, "://")
	return name
}

const (
	maxProviders = 100
	maxClients   = 100
	maxProvider  = 255 // bytes of a URL, and of the name of a client
)

type providerRow struct {
	ID          string
	URL         string `gorm:"column:url"`
	Clients     string
	Thumbprints string
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	PolicyClaim bool
}

func (providerRow) TableName() string { return "oidc_providers" }

func (r providerRow) toApp() Provider {
	return Provider{r.ID, r.URL, splitLines(r.Clients), splitLines(r.Thumbprints), r.PolicyClaim, fromMillis(r.CreatedAt)}
}

func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// CreateProvider has the tokens of a provider count, as far as they are for one of the
// clients.
func (s *Service) CreateProvider(ctx context.Context, n NewProvider) (Provider, error) {
	u, err := url.Parse(n.URL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || len(n.URL) > maxProvider {
		return Provider{}, errs.New(errs.Invalid, "iam_invalid", "The URL of a provider is that of its issuer, such as https://id.example.com/realms/team, without a query.")
	}
	if err := checkClients(n.Clients); err != nil {
		return Provider{}, err
	}
	for _, print := range n.Thumbprints {
		if strings.Trim(print, "0123456789abcdefABCDEF") != "" || len(print) != 40 {
			return Provider{}, errs.New(errs.Invalid, "iam_invalid", "A thumbprint has 40 hexadecimal digits.")
		}
	}
	row := providerRow{
		ID: ids.New(), URL: n.URL, Clients: strings.Join(n.Clients, "\n"), Thumbprints: strings.Join(n.Thumbprints, "\n"),
		CreatedAt: millis(s.now()), PolicyClaim: n.PolicyClaim,
	}
	err = s.change(ctx, func(tx *gorm.DB) error {
		var all []providerRow
		if err := tx.Find(&all).Error; err != nil {
			return err
		}
		if len(all) >= maxProviders {
			return errs.Newf(errs.Conflict, "iam_limit", "There are at most %d providers.", maxProviders)
		}
		for _, other := range all { // with another scheme it would have the same ARN
			if other.toApp().Name() == row.toApp().Name() {
				return errs.New(errs.Conflict, "iam_exists", "EntityAlreadyExists: there is a provider of this URL already.")
			}
		}
		return tx.Create(&row).Error
	})
	return row.toApp(), err
}

func checkClients(clients []string) error {
	if len(clients) > maxClients {
		return errs.Newf(errs.Conflict, "iam_limit", "A provider has at most %d client IDs.", maxClients)
	}
	for _, client := range clients {
		if client == "" || len(client) > maxProvider || strings.ContainsAny(client, "\r\n") {
			return errs.New(errs.Invalid, "iam_invalid", "A client ID is one line of 1 to 255 characters.")
		}
	}
	return nil
}

// Provider returns one provider by its name, which is its URL without the scheme.
func (s *Service) Provider(ctx context.Context, name string) (Provider, error) {
	all, err := s.ListProviders(ctx)
	if err != nil {
		return Provider{}, err
	}
	for _, p := range all {
		if p.Name() == name {
			return p, nil
		}
	}
	return Provider{}, errs.New(errs.NotFound, "iam_not_found", "OpenIDConnect Provider not found.")
}

// ProviderOf returns the provider that issues as this URL.
func (s *Service) ProviderOf(ctx context.Context, issuer string) (Provider, error) {
	all, err := s.ListProviders(ctx)
	if err != nil {
		return Provider{}, err
	}
	for _, p := range all {
		if p.URL == issuer {
			return p, nil
		}
	}
	return Provider{}, errs.New(errs.Invalid, "identity_token_invalid", "No OpenIDConnect provider found in your account for this issuer.")
}

// ListProviders returns all providers in order of URL.
func (s *Service) ListProviders(ctx context.Context) ([]Provider, error) {
	var rows []providerRow
	if err := s.db.Read(ctx).Order("url").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list providers: %w", err)
	}
	all := make([]Provider, len(rows))
	for i, row := range rows {
		all[i] = row.toApp()
	}
	return all, nil
}

// SetProviderClients says for which clients the tokens of a provider count.
func (s *Service) SetProviderClients(ctx context.Context, name string, set func([]string) []string) error {
	p, err := s.Provider(ctx, name)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		var row providerRow
		if err := tx.Where("id = ?", p.ID).Take(&row).Error; err != nil {
			return err
		}
		clients := set(slices.Clone(row.toApp().Clients))
		if err := checkClients(clients); err != nil {
			return err
		}
		return tx.Model(&providerRow{}).Where("id = ?", p.ID).Update("clients", strings.Join(clients, "\n")).Error
	})
}

// SetProviderPolicyClaim says whether the claim "policy" of a provider's tokens names
// policies that hold without a role. Sessions of it end when it does not any more.
func (s *Service) SetProviderPolicyClaim(ctx context.Context, name string, on bool) error {
	p, err := s.Provider(ctx, name)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		return tx.Model(&providerRow{}).Where("id = ?", p.ID).Update("policy_claim", on).Error
	})
}

// DeleteProvider removes a provider. Sessions that began with one of its tokens end.
func (s *Service) DeleteProvider(ctx context.Context, name string) error {
	p, err := s.Provider(ctx, name)
	if err != nil {
		return err
	}
	return s.change(ctx, func(tx *gorm.DB) error { return tx.Where("id = ?", p.ID).Delete(&providerRow{}).Error })
}

func findProvider(db *gorm.DB, id string) (Provider, error) {
	var row providerRow
	err := db.Where("id = ?", id).Take(&row).Error
	if store.NotFound(err) {
		return Provider{}, errSessionToken
	}
	return row.toApp(), err
}
