package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/ids"
	"croft/internal/store"
)

// Policy is a policy that users, groups and roles can hold by its name.
type Policy struct {
	ID          string
	Name        string
	Description string
	Document    string // of the default version
	Version     int    // the default one
	BuiltIn     bool   // it cannot be changed
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// PolicyVersion is what a policy said, or says.
type PolicyVersion struct {
	Number    int
	Document  string
	Default   bool
	CreatedAt time.Time
}

// MaxPolicyVersions is how many versions of a policy are kept.
const MaxPolicyVersions = 5

const (
	maxDocument = 20 << 10 // bytes
	maxIAMName  = 128
)

type policyRow struct {
	ID             string
	Name           string
	Description    string
	DefaultVersion int
	LatestVersion  int
	CreatedAt      int64  `gorm:"autoCreateTime:false"`
	UpdatedAt      int64  `gorm:"autoUpdateTime:false"`
	Document       string `gorm:"->"` // of the default version, where it was asked for
}

func (policyRow) TableName() string { return "iam_policies" }

func (r policyRow) toApp() Policy {
	return Policy{
		ID: r.ID, Name: r.Name, Description: r.Description, Document: r.Document, Version: r.DefaultVersion,
		CreatedAt: fromMillis(r.CreatedAt), UpdatedAt: fromMillis(r.UpdatedAt),
	}
}

type policyVersionRow struct {
	PolicyID  string
	Version   int
	Document  string
	CreatedAt int64 `gorm:"autoCreateTime:false"`
}

func (policyVersionRow) TableName() string { return "iam_policy_versions" }

func byPolicyName(a, b Policy) int { return strings.Compare(a.Name, b.Name) }

func errPolicyNotFound(name string) error {
	return errs.Newf(errs.NotFound, "iam_not_found", "Policy %s does not exist or is not attachable.", cut(name, maxIAMName))
}

var errBuiltIn = errs.New(errs.Forbidden, "policy_built_in", "This policy comes with Croft and cannot be changed. Make one of your own.")

// CheckDocument says what is wrong with a policy for a user, a group, a role or a key.
func (s *Service) CheckDocument(text string) (Document, error) {
	if len(text) > maxDocument {
		return nil, errs.Newf(errs.Invalid, "policy_malformed", "A policy has at most %d bytes.", maxDocument)
	}
	return s.policies().Identity(text)
}

// CreatePolicy makes a policy whose first version is the document.
func (s *Service) CreatePolicy(ctx context.Context, name, description, document string) (Policy, error) {
	if err := checkIAMName("policy", name); err != nil {
		return Policy{}, err
	}
	description, err := cleanDescription(description)
	if err != nil {
		return Policy{}, err
	}
	if _, err := s.CheckDocument(document); err != nil {
		return Policy{}, err
	}
	exists := errs.Newf(errs.Conflict, "iam_exists", "A policy called %s already exists. Duplicate names are not allowed.", name)
	if BuiltIn(name) {
		return Policy{}, exists
	}
	now := millis(s.now())
	row := policyRow{ID: ids.New(), Name: name, Description: description, DefaultVersion: 1, LatestVersion: 1, CreatedAt: now, UpdatedAt: now}
	err = s.change(ctx, func(tx *gorm.DB) error {
		err := tx.Create(&row).Error
		if store.Duplicate(err) {
			return exists
		}
		if err != nil {
			return err
		}
		return tx.Create(&policyVersionRow{row.ID, 1, document, now}).Error
	})
	row.Document = document
	return row.toApp(), err
}

// PutPolicy makes a policy, or gives one of this name a new default version; the oldest
// version goes where there are too many.
func (s *Service) PutPolicy(ctx context.Context, name, document string) error {
	_, err := s.Policy(ctx, name)
	if errs.KindOf(err) == errs.NotFound {
		_, err = s.CreatePolicy(ctx, name, "", document)
		return err
	}
	if err != nil {
		return err
	}
	_, err = s.addVersion(ctx, name, document, true, true)
	return err
}

// Policy returns one policy by its name.
func (s *Service) Policy(ctx context.Context, name string) (Policy, error) {
	if BuiltIn(name) {
		return cannedPolicy(name), nil
	}
	row, err := findPolicy(s.db.Read(ctx), name)
	return row.toApp(), err
}

// ListPolicies returns all policies, those that are built in too, in order of name.
func (s *Service) ListPolicies(ctx context.Context) ([]Policy, error) {
	var rows []policyRow
	err := s.db.Read(ctx).Raw(`SELECT p.*, v.document FROM iam_policies p
		JOIN iam_policy_versions v ON v.policy_id = p.id AND v.version = p.default_version`).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	all := cannedPolicies()
	for _, row := range rows {
		all = append(all, row.toApp())
	}
	slices.SortFunc(all, byPolicyName)
	return all, nil
}

// DeletePolicy removes a policy that nobody holds any more and that has but one version.
func (s *Service) DeletePolicy(ctx context.Context, name string) error {
	if BuiltIn(name) {
		return errBuiltIn
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		row, err := findPolicy(tx, name)
		if err != nil {
			return err
		}
		var held, versions int64
		if err := tx.Raw("SELECT count(*) FROM iam_attachments WHERE policy = ?", name).Scan(&held).Error; err != nil {
			return err
		}
		if held > 0 {
			return errs.New(errs.Conflict, "iam_in_use", "Cannot delete a policy attached to entities. Detach it from them first.")
		}
		if err := tx.Model(&policyVersionRow{}).Where("policy_id = ?", row.ID).Count(&versions).Error; err != nil {
			return err
		}
		if versions > 1 {
			return errs.New(errs.Conflict, "iam_in_use", "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return tx.Where("id = ?", row.ID).Delete(&policyRow{}).Error
	})
}

// PolicyVersions returns what a policy said, the newest first.
func (s *Service) PolicyVersions(ctx context.Context, name string) ([]PolicyVersion, error) {
	if BuiltIn(name) {
		return []PolicyVersion{{1, canned[name], true, cannedSince}}, nil
	}
	policy, err := s.Policy(ctx, name)
	if err != nil {
		return nil, err
	}
	var rows []policyVersionRow
	if err := s.db.Read(ctx).Where("policy_id = ?", policy.ID).Order("version DESC").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list versions of policy: %w", err)
	}
	versions := make([]PolicyVersion, len(rows))
	for i, row := range rows {
		versions[i] = PolicyVersion{row.Version, row.Document, row.Version == policy.Version, fromMillis(row.CreatedAt)}
	}
	return versions, nil
}

// AddPolicyVersion changes what a policy says, at once where it becomes the default.
func (s *Service) AddPolicyVersion(ctx context.Context, name, document string, makeDefault bool) (PolicyVersion, error) {
	return s.addVersion(ctx, name, document, makeDefault, false)
}

func (s *Service) addVersion(ctx context.Context, name, document string, makeDefault, makeRoom bool) (PolicyVersion, error) {
	if BuiltIn(name) {
		return PolicyVersion{}, errBuiltIn
	}
	if _, err := s.CheckDocument(document); err != nil {
		return PolicyVersion{}, err
	}
	now := s.now()
	var version policyVersionRow
	err := s.change(ctx, func(tx *gorm.DB) error {
		row, err := findPolicy(tx, name)
		if err != nil {
			return err
		}
		var old []int
		if err := tx.Raw("SELECT version FROM iam_policy_versions WHERE policy_id = ? AND version <> ? ORDER BY version", row.ID, row.DefaultVersion).Scan(&old).Error; err != nil {
			return err
		}
		switch {
		case len(old)+1 < MaxPolicyVersions:
		case makeRoom:
			if err := tx.Where("policy_id = ? AND version = ?", row.ID, old[0]).Delete(&policyVersionRow{}).Error; err != nil {
				return err
			}
		default:
			return errs.Newf(errs.Conflict, "iam_limit", "A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", MaxPolicyVersions)
		}
		version = policyVersionRow{row.ID, row.LatestVersion + 1, document, millis(now)}
		columns := map[string]any{"latest_version": version.Version}
		if makeDefault {
			columns["default_version"], columns["updated_at"] = version.Version, millis(now)
		}
		if err := tx.Create(&version).Error; err != nil {
			return err
		}
		return tx.Model(&policyRow{}).Where("id = ?", row.ID).Updates(columns).Error
	})
	return PolicyVersion{version.Version, document, makeDefault, now}, err
}

// SetDefaultPolicyVersion makes a policy say what one of its versions says.
func (s *Service) SetDefaultPolicyVersion(ctx context.Context, name string, version int) error {
	return s.ofVersion(ctx, name, version, func(tx *gorm.DB, row policyRow) error {
		return tx.Model(&policyRow{}).Where("id = ?", row.ID).Updates(map[string]any{"default_version": version, "updated_at": millis(s.now())}).Error
	})
}

// DeletePolicyVersion removes a version that is not the default.
func (s *Service) DeletePolicyVersion(ctx context.Context, name string, version int) error {
	return s.ofVersion(ctx, name, version, func(tx *gorm.DB, row policyRow) error {
		if row.DefaultVersion == version {
			return errs.New(errs.Conflict, "iam_in_use", "Cannot delete the default version of a policy.")
		}
		return tx.Where("policy_id = ? AND version = ?", row.ID, version).Delete(&policyVersionRow{}).Error
	})
}

func (s *Service) ofVersion(ctx context.Context, name string, version int, do func(*gorm.DB, policyRow) error) error {
	if BuiltIn(name) {
		return errBuiltIn
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		row, err := findPolicy(tx, name)
		if err != nil {
			return err
		}
		var there int64
		if err := tx.Model(&policyVersionRow{}).Where("policy_id = ? AND version = ?", row.ID, version).Count(&there).Error; err != nil {
			return err
		}
		if there == 0 {
			return errs.Newf(errs.NotFound, "iam_not_found", "Policy %s version v%d does not exist or is not attachable.", name, version)
		}
		return do(tx, row)
	})
}

func findPolicy(db *gorm.DB, name string) (policyRow, error) {
	var row policyRow
	err := db.Raw(`SELECT p.*, v.document FROM iam_policies p
		JOIN iam_policy_versions v ON v.policy_id = p.id AND v.version = p.default_version WHERE p.name = ?`, name).Scan(&row).Error
	if err == nil && row.ID == "" {
		return row, errPolicyNotFound(name)
	}
	return row, err
}

// checkIAMName refuses names that IAM would not take.
func checkIAMName(what, name string) error {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-"
	if name == "" || len(name) > maxIAMName || strings.Trim(name, allowed) != "" {
		return errs.Newf(errs.Invalid, "iam_name_invalid", "The name of a %s has 1 to %d letters, digits and characters out of _+=,.@-", what, maxIAMName)
	}
	return nil
}
