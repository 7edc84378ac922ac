package account

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
)

// Key is an S3 access key without its secret.
type Key struct {
	AccessKey  string
	Name       string
	ProjectID  string // when not empty, the key reaches only this project's buckets
	CreatedAt  time.Time
	LastUsedAt time.Time // zero: never

	UserID      string
	Description string
	Disabled    bool
	Policy      string    // all that it is good for; empty: whatever its user may
	ExpiresAt   time.Time // zero: never
	Root        bool      // of the unattended start: it comes back with it
}

// What a key is for. Users see and end their own and the root's.
const (
	purposeUser  = "user"
	purposeRoot  = "root"
	purposeShare = "share" // signs shared links; reads only, and its secret never leaves Croft
)

// keyPurpose names what the secrets are sealed for.
const keyPurpose = "s3 access key"

const (
	keyAlphabet    = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	secretAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

type keyRow struct {
	AccessKey    string
	UserID       string
	ProjectID    *string
	Name         string
	Purpose      string
	SealedSecret []byte
	CreatedAt    int64 `gorm:"autoCreateTime:false"`
	LastUsedAt   int64
	Disabled     bool
	Policy       string
	Description  string
	ExpiresAt    int64
	SessionsFrom int64
}

func (keyRow) TableName() string { return "access_keys" }

func (r keyRow) toApp() Key {
	k := Key{
		AccessKey: r.AccessKey, Name: r.Name, CreatedAt: fromMillis(r.CreatedAt), LastUsedAt: fromMillis(r.LastUsedAt), UserID: r.UserID,
		Description: r.Description, Disabled: r.Disabled, Policy: r.Policy, ExpiresAt: fromMillis(r.ExpiresAt), Root: r.Purpose == purposeRoot,
	}
	if r.ProjectID != nil {
		k.ProjectID = *r.ProjectID
	}
	return k
}

// CreateKey makes an S3 access key for a user, limited to a project when projectID
// is not empty. The secret is returned this once.
func (s *Service) CreateKey(ctx context.Context, userID, name, projectID string) (secret string, k Key, err error) {
	name, err = cleanTitle(name, "")
	if err != nil {
		return "", Key{}, err
	}
	if name == "" {
		return "", Key{}, errs.New(errs.Invalid, "name_invalid", "Name the key after what will use it.")
	}
	secret, row, err := s.newKey(userID, name, purposeUser)
	if err != nil {
		return "", Key{}, err
	}
	if projectID != "" {
		row.ProjectID = &projectID
	}
	err = s.change(ctx, func(tx *gorm.DB) error {
		if err := roomForOne(tx, &keyRow{}, userID); err != nil {
			return err
		}
		return tx.Create(&row).Error
	})
	if err != nil {
		return "", Key{}, err
	}
	return secret, row.toApp(), nil
}

func (s *Service) newKey(userID, name, purpose string) (secret string, row keyRow, err error) {
	secret = randomText(40, secretAlphabet)
	sealed, err := s.sealer.Seal(keyPurpose, []byte(secret))
	if err != nil {
		return "", keyRow{}, err
	}
	return secret, keyRow{
		AccessKey: "CROFT" + randomText(15, keyAlphabet), UserID: userID, Name: name, Purpose: purpose,
		SealedSecret: sealed, CreatedAt: millis(s.now()),
	}, nil
}

// ListKeys returns a user's keys, the newest first.
func (s *Service) ListKeys(ctx context.Context, userID string) ([]Key, error) {
	var rows []keyRow
	err := s.db.Read(ctx).Where("user_id = ? AND purpose <> ?", userID, purposeShare).Order("created_at DESC, access_key").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	keys := make([]Key, len(rows))
	for i, row := range rows {
		keys[i] = row.toApp()
		keys[i].LastUsedAt = s.uses.latest(row.AccessKey, keys[i].LastUsedAt)
	}
	return keys, nil
}

// DeleteKey ends one of a user's keys.
func (s *Service) DeleteKey(ctx context.Context, userID, accessKey string) error {
	return s.change(ctx, func(tx *gorm.DB) error {
		done := tx.Where("access_key = ? AND user_id = ? AND purpose <> ?", accessKey, userID, purposeShare).Delete(&keyRow{})
		if done.Error == nil && done.RowsAffected == 0 {
			return errs.New(errs.NotFound, "key_not_found", "There is no such access key.")
		}
		return done.Error
	})
}

// KeyCredential returns the secret of an access key, for checking a signature, and
// who signs with it. The principal must not be trusted before the signature is. The
// answer may be remembered, but never beyond a change: see known.
func (s *Service) KeyCredential(ctx context.Context, accessKey string) (secret string, p Principal, err error) {
	owner, ok, age := s.known.key(accessKey)
	if !ok {
		if owner, err = s.readKey(ctx, accessKey); err != nil {
			return "", Principal{}, err
		}
		s.known.learnKey(accessKey, owner, age)
	}
	if owner.ended(s.now()) {
		return "", Principal{}, errKeyUnknown
	}
	return owner.secret, owner.principal, nil
}

var errKeyUnknown = errs.New(errs.Unauthenticated, "access_key_unknown", "There is no such access key.")

func (s *Service) readKey(ctx context.Context, accessKey string) (keyOwner, error) {
	var row struct {
		UserID       string
		ProjectID    string
		Purpose      string
		SealedSecret []byte
		Policy       string
		ExpiresAt    int64
		KeyDisabled  bool
		UserName     string
		Admin        bool
		Disabled     bool
		ByID         bool
		SessionsFrom int64
	}
	// A key may have the name of one that was ended, or another secret than it had: it does
	// not bring back sessions of then.
	err := s.db.Read(ctx).Raw(`SELECT k.user_id, coalesce(k.project_id, '') AS project_id, k.purpose, k.sealed_secret, k.policy, k.expires_at,
		k.disabled AS key_disabled, u.name AS user_name, u.admin, u.disabled, u.by_id, max(u.sessions_from, k.sessions_from, k.created_at) AS sessions_from
		FROM access_keys k JOIN users u ON u.id = k.user_id WHERE k.access_key = ?`, accessKey).Scan(&row).Error
	if err != nil {
		return keyOwner{}, fmt.Errorf("find access key: %w", err)
	}
	if row.UserID == "" || row.Disabled || row.KeyDisabled {
		return keyOwner{}, errKeyUnknown
	}
	plain, err := s.sealer.Open(keyPurpose, row.SealedSecret)
	if err != nil {
		return keyOwner{}, fmt.Errorf("open secret of access key: %w", err)
	}
	principal := Principal{
		UserID: row.UserID, Name: row.UserName, Admin: row.Admin, Via: ViaKey, CredentialID: accessKey,
		ProjectID: row.ProjectID, ReadOnly: row.Purpose == purposeShare, ByID: row.ByID,
	}
	if principal.Grants, err = s.grantsOf(ctx, row.UserID, row.Policy); err != nil {
		return keyOwner{}, err
	}
	return keyOwner{secret: string(plain), principal: principal, expires: fromMillis(row.ExpiresAt), sessionsFrom: row.SessionsFrom}, nil
}

// grantsOf finds the policies of a user and of a key; nil where there are none.
func (s *Service) grantsOf(ctx context.Context, userID, keyPolicy string) (*Grants, error) {
	held, err := s.Holdings(ctx, Holder{UserHolder, userID})
	if err != nil || (len(held) == 0 && keyPolicy == "") {
		return nil, err
	}
	g := &Grants{Identity: held}
	if keyPolicy != "" {
		g.Bounds = []Bound{{s.read(keyPolicy)}}
	}
	return g, nil
}

// UserGrants returns the policies of a user, however they came in; nil where there are
// none. It is remembered.
func (s *Service) UserGrants(ctx context.Context, userID string) (*Grants, error) {
	grants, ok, age := recall(s.known, &s.known.grants, userID)
	if ok {
		return grants, nil
	}
	grants, err := s.grantsOf(ctx, userID, "")
	if err == nil {
		learn(s.known, &s.known.grants, userID, grants, 0, age)
	}
	return grants, err
}

// KeyUsed notes that a request was signed with a key. Call it once the signature is
// verified. It writes nothing; Run saves the times once a minute.
func (s *Service) KeyUsed(accessKey string) { s.uses.note(accessKey, s.now()) }

// ShareKey returns the key that signs a user's shared links, and makes it when there
// is none. It reads only what the user may read at the time of the download, so a
// link ends when its maker loses the right.
func (s *Service) ShareKey(ctx context.Context, userID string) (accessKey, secret string, err error) {
	find := func(db *gorm.DB) (keyRow, error) {
		var row keyRow
		err := db.Where("user_id = ? AND purpose = ?", userID, purposeShare).Limit(1).Find(&row).Error
		return row, err
	}
	row, err := find(s.db.Read(ctx))
	if err == nil && row.AccessKey == "" {
		_, fresh, errKey := s.newKey(userID, "shared links", purposeShare)
		if errKey != nil {
			return "", "", errKey
		}
		err = s.change(ctx, func(tx *gorm.DB) error {
			if row, err = find(tx); err != nil || row.AccessKey != "" {
				return err
			}
			row = fresh
			return tx.Create(&row).Error
		})
	}
	if err != nil {
		return "", "", fmt.Errorf("share key: %w", err)
	}
	plain, err := s.sealer.Open(keyPurpose, row.SealedSecret)
	if err != nil {
		return "", "", fmt.Errorf("open share key: %w", err)
	}
	return row.AccessKey, string(plain), nil
}
