package account

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/errs"
)

// Names are users and roles of IAM by what they are called, with their IDs. Documents
// that say who may do something name people, and are kept with these: a name may be
// somebody else's later.
type Names struct {
	Users map[string]string `json:"users,omitempty"`
	Roles map[string]string `json:"roles,omitempty"`
}

// Named returns the IDs of users and roles by their names, as they are now. Those that are
// not there are left out.
func (s *Service) Named(ctx context.Context, users, roles []string) (Names, error) {
	return namedIn(s.db.Read(ctx), users, roles)
}

func namedIn(db *gorm.DB, users, roles []string) (Names, error) {
	var out Names
	for _, one := range []struct {
		table string
		names []string
		into  *map[string]string
	}{{"users", users, &out.Users}, {"iam_roles", roles, &out.Roles}} {
		if len(one.names) == 0 {
			continue
		}
		var rows []struct{ ID, Name string }
		if err := db.Raw("SELECT id, name FROM "+one.table+" WHERE name IN ?", one.names).Scan(&rows).Error; err != nil {
			return out, fmt.Errorf("find who is named: %w", err)
		}
		*one.into = make(map[string]string, len(rows))
		for _, row := range rows {
			(*one.into)[row.Name] = row.ID
		}
	}
	for _, name := range roles {
		if name == WebIdentityRole { // which nobody made
			out.Roles[name] = WebIdentityRole
		}
	}
	return out, nil
}

// trust reads the trust policy of a role, as it means people.
func (r roleRow) trust(read Policies) (Trust, error) {
	trust, err := read.Trust(r.Trust)
	if err != nil || r.TrustPrincipals == "" {
		return trust, err
	}
	bound, err := r.bound()
	if err != nil {
		return nil, err
	}
	trust.Bind(bound)
	return trust, nil
}

func (r roleRow) bound() (Names, error) {
	var bound Names
	if err := json.Unmarshal([]byte(r.TrustPrincipals), &bound); err != nil {
		return bound, errs.Wrap(err, errs.Internal, "trust_unreadable", "Whom the role trusts cannot be read")
	}
	return bound, nil
}

// bindTrust says whom the names in a trust policy mean, to be kept with it.
func (s *Service) bindTrust(ctx context.Context, text string) (string, error) {
	trust, err := s.policies().Trust(text)
	if err != nil {
		return "", err
	}
	bound, err := s.Named(ctx, trust.Users(), trust.Roles())
	if err != nil {
		return "", err
	}
	if err := trust.Strangers(bound); err != nil {
		return "", err
	}
	kept, err := json.Marshal(bound)
	return string(kept), err
}

// shown is the role with the text of its trust policy as it is told: who is gone stands
// there by ID.
func (s *Service) shown(ctx context.Context, r roleRow) (IAMRole, error) {
	out := r.toApp()
	if r.TrustPrincipals == "" {
		return out, nil
	}
	trust, err := s.policies().Trust(r.Trust)
	if err != nil {
		return out, nil //nolint:nilerr // the text is what mends it
	}
	bound, err := r.bound()
	if err != nil {
		return out, nil //nolint:nilerr // so is it here
	}
	now, err := s.Named(ctx, trust.Users(), trust.Roles())
	if err != nil {
		return out, err
	}
	out.Trust = trust.Shown(bound, now)
	return out, nil
}
