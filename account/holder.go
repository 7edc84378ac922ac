package account

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/store"
)

// HolderKind is what kind of thing holds policies.
type HolderKind string

// The kinds of holders.
const (
	UserHolder  HolderKind = "user"
	GroupHolder HolderKind = "group"
	RoleHolder  HolderKind = "role"
)

// Holder is a user, a group or a role that holds policies, by its ID.
type Holder struct {
	Kind HolderKind
	ID   string
}

// InlinePolicy is a policy that belongs to its holder alone.
type InlinePolicy struct {
	Name     string
	Document string
}

type inlineRow struct {
	HolderKind string
	HolderID   string
	Name       string
	Document   string
}

func (inlineRow) TableName() string { return "iam_inline_policies" }

// AttachPolicy has a holder hold a policy. It may hold it already.
func (s *Service) AttachPolicy(ctx context.Context, h Holder, policy string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		if !BuiltIn(policy) {
			if _, err := findPolicy(tx, policy); err != nil {
				return err
			}
		}
		if err := h.exists(tx); err != nil {
			return err
		}
		if err := h.room(tx, "iam_attachments"); err != nil {
			return err
		}
		return tx.Exec("INSERT INTO iam_attachments (holder_kind, holder_id, policy) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", string(h.Kind), h.ID, policy).Error
	})
}

// DetachPolicy takes a policy from a holder.
func (s *Service) DetachPolicy(ctx context.Context, h Holder, policy string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Exec("DELETE FROM iam_attachments WHERE holder_kind = ? AND holder_id = ? AND policy = ?", string(h.Kind), h.ID, policy)
		if done.Error == nil && done.RowsAffected == 0 {
			return errs.Newf(errs.NotFound, "iam_not_found", "Policy %s was not found.", cut(policy, maxIAMName))
		}
		return done.Error
	})
}

// AttachedPolicies returns the names of the policies that a holder holds, sorted;
// those of its own are not among them.
func (s *Service) AttachedPolicies(ctx context.Context, h Holder) ([]string, error) {
	var names []string
	err := s.db.Read(ctx).Raw("SELECT policy FROM iam_attachments WHERE holder_kind = ? AND holder_id = ? ORDER BY policy", string(h.Kind), h.ID).Scan(&names).Error
	if err != nil {
		return nil, fmt.Errorf("list attached policies: %w", err)
	}
	return names, nil
}

// HoldersOf returns who holds a policy.
func (s *Service) HoldersOf(ctx context.Context, policy string) ([]Holder, error) {
	var rows []struct{ HolderKind, HolderID string }
	err := s.db.Read(ctx).Raw("SELECT holder_kind, holder_id FROM iam_attachments WHERE policy = ? ORDER BY holder_kind, holder_id", policy).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list holders of policy: %w", err)
	}
	holders := make([]Holder, len(rows))
	for i, row := range rows {
		holders[i] = Holder{HolderKind(row.HolderKind), row.HolderID}
	}
	return holders, nil
}

// PutInlinePolicy gives a holder a policy of its own, or changes it.
func (s *Service) PutInlinePolicy(ctx context.Context, h Holder, name, document string) error {
	if err := checkIAMName("policy", name); err != nil {
		return err
	}
	if _, err := s.CheckDocument(document); err != nil {
		return err
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := h.exists(tx); err != nil {
			return err
		}
		if err := h.room(tx, "iam_inline_policies"); err != nil {
			return err
		}
		return tx.Exec(`INSERT INTO iam_inline_policies (holder_kind, holder_id, name, document) VALUES (?, ?, ?, ?)
			ON CONFLICT (holder_kind, holder_id, name) DO UPDATE SET document = excluded.document`, string(h.Kind), h.ID, name, document).Error
	})
}

// InlinePolicies returns the policies of a holder's own, in order of name.
func (s *Service) InlinePolicies(ctx context.Context, h Holder) ([]InlinePolicy, error) {
	var rows []inlineRow
	if err := s.db.Read(ctx).Where("holder_kind = ? AND holder_id = ?", string(h.Kind), h.ID).Order("name").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list inline policies: %w", err)
	}
	policies := make([]InlinePolicy, len(rows))
	for i, row := range rows {
		policies[i] = InlinePolicy{row.Name, row.Document}
	}
	return policies, nil
}

// DeleteInlinePolicy removes a policy of a holder's own.
func (s *Service) DeleteInlinePolicy(ctx context.Context, h Holder, name string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Where("holder_kind = ? AND holder_id = ? AND name = ?", string(h.Kind), h.ID, name).Delete(&inlineRow{})
		if done.Error == nil && done.RowsAffected == 0 {
			return errs.Newf(errs.NotFound, "iam_not_found", "The %s policy with name %s cannot be found.", h.Kind, cut(name, maxIAMName))
		}
		return done.Error
	})
}

// exists refuses a holder that is gone.
func (h Holder) exists(tx *gorm.DB) error {
	switch h.Kind {
	case UserHolder:
		_, err := findUser(tx, "id = ?", h.ID)
		return err
	case RoleHolder:
		_, err := findRole(tx, "id = ?", h.ID)
		return err
	case GroupHolder:
		err := tx.Where("id = ?", h.ID).Take(&groupRow{}).Error
		if store.NotFound(err) {
			return errs.New(errs.NotFound, "iam_not_found", "There is no such group.")
		}
		return err
	}
	return errs.Newf(errs.Internal, "holder_unknown", "There is no kind of holder %q.", h.Kind)
}

// room refuses a holder that has too many policies of a kind.
func (h Holder) room(tx *gorm.DB, table string) error {
	var have int64
	if err := tx.Raw("SELECT count(*) FROM "+table+" WHERE holder_kind = ? AND holder_id = ?", string(h.Kind), h.ID).Scan(&have).Error; err != nil {
		return err
	}
	if have >= maxHeld {
		return errs.Newf(errs.Conflict, "iam_limit", "A %s holds at most %d policies of a kind.", h.Kind, maxHeld)
	}
	return nil
}

// holdsNothing refuses while a holder has policies.
func holdsNothing(tx *gorm.DB, h Holder) error {
	var attached, inline int64
	if err := tx.Raw("SELECT count(*) FROM iam_attachments WHERE holder_kind = ? AND holder_id = ?", string(h.Kind), h.ID).Scan(&attached).Error; err != nil {
		return err
	}
	if err := tx.Model(&inlineRow{}).Where("holder_kind = ? AND holder_id = ?", string(h.Kind), h.ID).Count(&inline).Error; err != nil {
		return err
	}
	switch {
	case attached > 0:
		return errs.New(errs.Conflict, "iam_in_use", "Cannot delete entity, must detach all policies first.")
	case inline > 0:
		return errs.New(errs.Conflict, "iam_in_use", "Cannot delete entity, must delete policies first.")
	}
	return nil
}

// dropHoldings takes everything from a holder that is about to go.
func dropHoldings(tx *gorm.DB, h Holder) error {
	if err := tx.Exec("DELETE FROM iam_attachments WHERE holder_kind = ? AND holder_id = ?", string(h.Kind), h.ID).Error; err != nil {
		return err
	}
	return tx.Where("holder_kind = ? AND holder_id = ?", string(h.Kind), h.ID).Delete(&inlineRow{}).Error
}

// heldSQL finds the policies of a user with those of its groups, or of a role: kind,
// name of the holder, name and document of the policy. What is built in has none.
const heldSQL = `WITH holders (kind, id, name) AS (
		SELECT 'user', id, name FROM users WHERE id = @id AND @kind = 'user'
		UNION ALL SELECT 'group', g.id, g.name FROM iam_groups g JOIN iam_group_members m ON m.group_id = g.id WHERE m.user_id = @id AND @kind = 'user'
		UNION ALL SELECT 'role', id, name FROM iam_roles WHERE id = @id AND @kind = 'role')
	SELECT h.kind, h.name AS holder, a.policy AS name, coalesce(v.document, '') AS document, 0 AS inline
		FROM holders h JOIN iam_attachments a ON a.holder_kind = h.kind AND a.holder_id = h.id
		LEFT JOIN iam_policies p ON p.name = a.policy
		LEFT JOIN iam_policy_versions v ON v.policy_id = p.id AND v.version = p.default_version
	UNION ALL SELECT h.kind, h.name, i.name, i.document, 1
		FROM holders h JOIN iam_inline_policies i ON i.holder_kind = h.kind AND i.holder_id = h.id
	ORDER BY 1, 2, 5, 3`

// Holdings returns the policies that decide about a user, those of its groups too, or
// about a role or a group.
func (s *Service) Holdings(ctx context.Context, h Holder) ([]Held, error) {
	if h.Kind == GroupHolder {
		return s.holdingsOfGroup(ctx, h)
	}
	var rows []struct {
		Kind, Holder, Name, Document string
		Inline                       bool
	}
	err := s.db.Read(ctx).Raw(heldSQL, map[string]any{"id": h.ID, "kind": string(h.Kind)}).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("find policies: %w", err)
	}
	var held []Held
	for _, row := range rows {
		if row.Inline {
			held = append(held, Held{row.Kind + "/" + row.Holder + "/" + row.Name, s.read(row.Document)})
			continue
		}
		held = append(held, s.attached(row.Name, row.Document))
	}
	return held, nil
}

// attached reads a policy by its name, or, where it is built in, what is built in.
func (s *Service) attached(name, document string) Held {
	if document == "" {
		document = canned[name]
	}
	return Held{"policy/" + name, s.read(document)}
}

func (s *Service) holdingsOfGroup(ctx context.Context, h Holder) ([]Held, error) {
	names, err := s.AttachedPolicies(ctx, h)
	if err != nil {
		return nil, err
	}
	held, err := s.namedPolicies(ctx, names)
	if err != nil {
		return nil, err
	}
	inline, err := s.InlinePolicies(ctx, h)
	if err != nil {
		return nil, err
	}
	for _, one := range inline {
		held = append(held, Held{"group/" + one.Name, s.read(one.Document)})
	}
	return held, nil
}

// namedPolicies reads policies by their names.
func (s *Service) namedPolicies(ctx context.Context, names []string) ([]Held, error) {
	var held []Held
	for _, name := range names {
		policy, err := s.Policy(ctx, name)
		if err != nil {
			return nil, err
		}
		held = append(held, s.attached(name, policy.Document))
	}
	return held, nil
}
