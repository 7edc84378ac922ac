package account

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"croft/internal/errs"
)

// Temporary is a credential that ends by itself. The secret and the token are never
// stored: the token holds all there is to know, sealed.
type Temporary struct {
	AccessKey string
	Secret    string
	Token     string
	Expires   time.Time
	Principal Principal // who it stands for
}

// temporaryPurpose names what tokens are sealed for.
const temporaryPurpose = "sts session"

// pass is what a token says. Every request that shows one is held to what is true now
// of all that it names.
type pass struct {
	Key      string              `json:"k"`
	Secret   string              `json:"s"`
	Via      string              `json:"v,omitempty"` // the access key that asked for it
	User     string              `json:"u,omitempty"` // its user
	Provider string              `json:"i,omitempty"` // or the provider that vouched
	Roles    []string            `json:"r,omitempty"` // IDs of those assumed one after the other: the last counts
	Named    []string            `json:"n,omitempty"` // policies that the provider's token names, instead of a role
	Session  string              `json:"a,omitempty"` // what it calls itself
	Claims   map[string][]string `json:"c,omitempty"`
	Bounds   []passBound         `json:"b,omitempty"`
	Issued   int64               `json:"t"`
	Expires  int64               `json:"e"`

	imagined bool // nobody asked for it, and no token says so; see ImagineSession
}

// passBound is a session policy.
type passBound struct {
	Policy string   `json:"p,omitempty"` // a document
	Named  []string `json:"n,omitempty"` // and policies by name
}

var (
	errSessionToken   = errs.New(errs.Unauthenticated, "session_token_invalid", "The provided token is malformed or otherwise invalid.")
	errSessionExpired = errs.New(errs.Unauthenticated, "session_token_expired", "The provided token has expired.")
)

// maxToken bounds tokens, in bytes: they travel in headers.
const maxToken = 12 << 10

// issue makes a credential of a pass.
func (s *Service) issue(ctx context.Context, p pass, lasts time.Duration) (Temporary, error) {
	now := s.now()
	p.Key, p.Secret = "CROFTSTS"+randomText(12, keyAlphabet), randomText(40, secretAlphabet)
	p.Issued = millis(now)
	if until := millis(now.Add(lasts)); p.Expires == 0 || until < p.Expires {
		p.Expires = until
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Temporary{}, fmt.Errorf("write session: %w", err)
	}
	sealed, err := s.sealer.Seal(temporaryPurpose, text)
	if err != nil {
		return Temporary{}, err
	}
	token := base64.StdEncoding.EncodeToString(sealed)
	if len(token) > maxToken {
		return Temporary{}, errs.New(errs.Invalid, "session_policy_large", "The session policies are too large to travel with every request. Shorten them, or name managed ones.")
	}
	owner, err := s.readPass(ctx, &p) // what would be refused is not given out
	if err != nil {
		return Temporary{}, err
	}
	return Temporary{p.Key, p.Secret, token, owner.expires, owner.principal}, nil
}

// open reads a token.
func (s *Service) open(token string) (*pass, error) {
	if len(token) > maxToken {
		return nil, errSessionToken
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, errSessionToken
	}
	text, err := s.sealer.Open(temporaryPurpose, sealed)
	if err != nil {
		return nil, errSessionToken
	}
	var p pass
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, errSessionToken
	}
	return &p, nil
}

// TemporaryCredential returns the secret of a temporary access key and who signs with
// it, given its token. As with KeyCredential, the principal must not be trusted before
// the signature is. A key that does not belong to the token is not_found.
func (s *Service) TemporaryCredential(ctx context.Context, accessKey, token string) (secret string, p Principal, err error) {
	owner, ok, age := s.known.temporary(accessKey)
	if !ok {
		pass, err := s.open(token)
		if err != nil {
			return "", Principal{}, err
		}
		if pass.Key != accessKey {
			return "", Principal{}, errSessionToken
		}
		if owner, err = s.readPass(ctx, pass); err != nil {
			return "", Principal{}, err
		}
		owner.token = sha256.Sum256([]byte(token))
		s.known.learnTemporary(accessKey, owner, len(token), age)
	}
	if sum := sha256.Sum256([]byte(token)); subtle.ConstantTimeCompare(owner.token[:], sum[:]) != 1 {
		return "", Principal{}, errSessionToken
	}
	if owner.ended(s.now()) {
		return "", Principal{}, errSessionExpired
	}
	return owner.secret, owner.principal, nil
}

// readPass finds what a pass is good for now.
func (s *Service) readPass(ctx context.Context, p *pass) (keyOwner, error) {
	if p.Expires <= millis(s.now()) {
		return keyOwner{}, errSessionExpired
	}
	g := &Grants{Claims: p.Claims, Issued: fromMillis(p.Issued)}
	owner := keyOwner{secret: p.Secret, expires: fromMillis(p.Expires)}
	principal := Principal{Via: ViaKey, CredentialID: p.Key, Temporary: true, Session: p.Session}
	switch {
	case p.Via != "":
		via, err := s.readKey(ctx, p.Via)
		if errs.KindOf(err) == errs.Unauthenticated || (err == nil && (via.ended(s.now()) || via.principal.UserID != p.User)) {
			return keyOwner{}, errSessionToken
		}
		if err != nil {
			return keyOwner{}, err
		}
		if p.Issued < via.sessionsFrom {
			return keyOwner{}, errSessionExpired
		}
		// It is remembered, and nothing is forgotten when a key's time is over.
		if !via.expires.IsZero() && via.expires.Before(owner.expires) {
			owner.expires = via.expires
		}
		if len(p.Roles) == 0 {
			v := via.principal
			principal.UserID, principal.Name, principal.Admin, principal.ProjectID, principal.ReadOnly, principal.ByID = v.UserID, v.Name, v.Admin, v.ProjectID, v.ReadOnly, v.ByID
			if v.Grants != nil {
				g.Identity, g.Bounds = v.Grants.Identity, slices.Clone(v.Grants.Bounds)
			}
		}
	case p.Provider != "":
		provider, err := findProvider(s.db.Read(ctx), p.Provider)
		if err != nil {
			return keyOwner{}, err
		}
		if len(p.Roles) == 0 {
			if !provider.PolicyClaim {
				return keyOwner{}, errSessionToken
			}
			held, err := s.namedPolicies(ctx, p.Named)
			if errs.KindOf(err) == errs.NotFound {
				return keyOwner{}, errSessionToken
			}
			if err != nil {
				return keyOwner{}, err
			}
			g.Identity, principal.Role, principal.RoleID, principal.Name = held, WebIdentityRole, WebIdentityRole, WebIdentityRole+"/"+p.Session
		}
	case !p.imagined:
		return keyOwner{}, errSessionToken
	}
	for i, id := range p.Roles {
		row, err := findRole(s.db.Read(ctx), "id = ?", id)
		if errs.KindOf(err) == errs.NotFound {
			return keyOwner{}, errSessionToken
		}
		if err != nil {
			return keyOwner{}, err
		}
		if p.Issued < row.SessionsFrom {
			return keyOwner{}, errSessionExpired
		}
		if i == len(p.Roles)-1 {
			if g.Identity, err = s.Holdings(ctx, Holder{RoleHolder, id}); err != nil {
				return keyOwner{}, err
			}
			principal.Role, principal.RoleID, principal.ByID, principal.Name = row.Name, row.ID, row.ByID, row.Name+"/"+p.Session
		}
	}
	for _, b := range p.Bounds {
		bound, err := s.readBound(ctx, b)
		if err != nil {
			return keyOwner{}, err
		}
		g.Bounds = append(g.Bounds, bound)
	}
	principal.Grants = g
	owner.principal = principal
	return owner, nil
}

func (s *Service) readBound(ctx context.Context, b passBound) (Bound, error) {
	var bound Bound
	if b.Policy != "" {
		bound = append(bound, s.read(b.Policy))
	}
	for _, name := range b.Named {
		policy, err := s.Policy(ctx, name)
		if errs.KindOf(err) == errs.NotFound {
			// Nobody can say any more what it denied, which another policy of the session may allow.
			bound = append(bound, unreadable{})
			continue
		}
		if err != nil {
			return nil, err
		}
		bound = append(bound, s.read(policy.Document))
	}
	return bound, nil
}

// SessionRequest is what somebody wants of a temporary credential.
type SessionRequest struct {
	Role        string // the name of the role to assume; empty: to be oneself
	Session     string // what it is to call itself
	Policy      string // a session policy; empty without
	PolicyNames []string
	ExternalID  string
	Lasts       time.Duration // 0: as long as is usual
	Facts       Facts         // of the request, for conditions
}

// bound checks the session policies that a request brings.
func (s *Service) bound(ctx context.Context, r *SessionRequest) ([]passBound, error) {
	if r.Policy == "" && len(r.PolicyNames) == 0 {
		return nil, nil
	}
	if r.Policy != "" {
		if _, err := s.CheckDocument(r.Policy); err != nil {
			return nil, err
		}
	}
	if len(r.PolicyNames) > 10 {
		return nil, errs.New(errs.Invalid, "iam_invalid", "A session has at most 10 managed policies.")
	}
	for _, name := range r.PolicyNames {
		if _, err := s.Policy(ctx, name); err != nil {
			return nil, err
		}
	}
	return []passBound{{r.Policy, r.PolicyNames}}, nil
}

func checkSession(name string) error {
	if len(name) < 2 || len(name) > maxRoleName || checkIAMName("session", name) != nil {
		return errs.Newf(errs.Invalid, "iam_invalid", "The name of a session has 2 to %d letters, digits and characters out of _+=,.@-", maxRoleName)
	}
	return nil
}

func checkLasts(lasts, least, most time.Duration) error {
	if lasts < least || lasts > most {
		return errs.Newf(errs.Invalid, "iam_duration", "DurationSeconds is between %d and %d here.", int(least.Seconds()), int(most.Seconds()))
	}
	return nil
}

// The shortest and longest that temporary credentials last.
const (
	leastSession = 15 * time.Minute
	mostOwn      = 7 * 24 * time.Hour // of a user's own rights
	mostToken    = 36 * time.Hour     // of GetSessionToken and GetFederationToken
	usualSession = time.Hour          // of a role
	usualToken   = 12 * time.Hour     // of GetSessionToken and GetFederationToken
	mostChained  = time.Hour          // of a role that another assumes
)

// passOf is what a pass is made of that p asks for: who vouches for it.
func (s *Service) passOf(p Principal, token string) (pass, error) {
	if p.ReadOnly {
		return pass{}, errs.New(errs.Forbidden, "credential_read_only", "This credential can only read.")
	}
	if !p.Temporary {
		return pass{Via: p.CredentialID, User: p.UserID}, nil
	}
	own, err := s.open(token)
	if err != nil || own.Key != p.CredentialID {
		return pass{}, errSessionToken
	}
	// It ends when its own would.
	return pass{Via: own.Via, User: own.User, Provider: own.Provider, Roles: own.Roles, Named: own.Named, Session: own.Session, Claims: own.Claims, Bounds: own.Bounds, Expires: own.Expires}, nil
}

// AssumeRole gives a credential that is a role, where the role's trust policy and the
// caller's own let it, or, without a role, one that is the caller, perhaps narrowed.
// token is the caller's own where that is temporary.
func (s *Service) AssumeRole(ctx context.Context, p Principal, token string, r SessionRequest) (Temporary, error) {
	base, err := s.passOf(p, token)
	if err != nil {
		return Temporary{}, err
	}
	bounds, err := s.bound(ctx, &r)
	if err != nil {
		return Temporary{}, err
	}
	if r.Lasts == 0 {
		r.Lasts = usualSession
	}
	if r.Role == "" {
		if err := checkLasts(r.Lasts, leastSession, mostOwn); err != nil {
			return Temporary{}, err
		}
		if !p.Admin && p.Grants.Deny(&Question{Action: assumeRole, Resource: "*", Facts: assumeFacts{&r}}) {
			return Temporary{}, errs.New(errs.Forbidden, "iam_denied", "A policy denies sts:AssumeRole.")
		}
		base.Bounds = append(slices.Clone(base.Bounds), bounds...)
		if r.Session != "" && len(base.Roles) == 0 && base.Provider == "" {
			if err := checkSession(r.Session); err != nil {
				return Temporary{}, err
			}
			base.Session = r.Session
		}
		return s.issue(ctx, base, r.Lasts)
	}
	if err := checkSession(r.Session); err != nil {
		return Temporary{}, err
	}
	role, err := findRole(s.db.Read(ctx), "name = ?", r.Role)
	if errs.KindOf(err) == errs.NotFound {
		return Temporary{}, errMayNotAssume(r.Role) // whether there is one is not told
	}
	if err != nil {
		return Temporary{}, err
	}
	if err := s.mayAssume(p, role, &r); err != nil {
		return Temporary{}, err
	}
	most := time.Duration(role.MaxSession) * time.Second
	if p.Role != "" {
		most = min(most, mostChained)
	}
	if err := checkLasts(r.Lasts, leastSession, most); err != nil {
		return Temporary{}, err
	}
	base.Roles, base.Named, base.Session, base.Claims, base.Bounds = append(slices.Clone(base.Roles), role.ID), nil, r.Session, nil, bounds
	return s.issue(ctx, base, r.Lasts)
}

func errMayNotAssume(role string) error {
	return errs.Newf(errs.Forbidden, "iam_denied", "You are not allowed to perform sts:AssumeRole on the role %s.", cut(role, maxIAMName))
}

const assumeRole = "sts:AssumeRole"

// mayAssume asks the role whom it trusts. Who is named in it needs nothing else; where
// it trusts every user, their own policies have to allow it too.
func (s *Service) mayAssume(p Principal, role roleRow, r *SessionRequest) error {
	if p.ProjectID != "" {
		return errs.New(errs.Forbidden, "credential_limited", "This credential is limited to one project.")
	}
	trust, err := role.trust(s.policies())
	if err != nil {
		return errMayNotAssume(role.Name)
	}
	q := Question{Action: assumeRole, Resource: IAMARN("role", role.Name), Facts: assumeFacts{r}}
	own := q
	q.User, q.Role, q.Session, q.ID, q.ByID = p.Name, p.Role, p.Session, p.UserID, p.ByID
	if p.Role != "" {
		q.User, q.ID = "", p.RoleID
	}
	if trust.Judge(&q) != Allows {
		return errMayNotAssume(role.Name)
	}
	stranger := q
	stranger.User, stranger.Role, stranger.Session, stranger.ID = "?", "", "", "?" // which no user is called
	general := trust.Judge(&stranger) != Silent
	switch {
	case p.Grants.boundsDeny(&own) || p.Grants.Narrow(&own):
		return errMayNotAssume(role.Name)
	case p.Admin:
		return nil
	case p.Grants.Deny(&own) || (general && !p.Grants.Allow(&own)):
		return errMayNotAssume(role.Name)
	}
	return nil
}

// assumeFacts are those of a request to assume a role.
type assumeFacts struct{ r *SessionRequest }

func (f assumeFacts) Value(key string) []string {
	one := func(v string) []string {
		if v == "" {
			return nil
		}
		return []string{v}
	}
	switch key {
	case "sts:externalid":
		return one(f.r.ExternalID)
	case "sts:rolesessionname":
		return one(f.r.Session)
	}
	if f.r.Facts == nil {
		return nil
	}
	return f.r.Facts.Value(key)
}

// WebIdentity is what a provider's token says, verified: signature, issuer, audience
// and time.
type WebIdentity struct {
	Provider Provider
	Subject  string
	Audience string
	Claims   map[string][]string // texts, and lists of them, by lower-case name
}

// AssumeRoleWithWebIdentity gives a credential to somebody for whom a provider vouches:
// that of a role that trusts the provider, or, without a role, of the policies that the
// claim "policy" names, where the provider was entered for that.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, w WebIdentity, r SessionRequest) (Temporary, error) {
	bounds, err := s.bound(ctx, &r)
	if err != nil {
		return Temporary{}, err
	}
	if r.Lasts == 0 {
		r.Lasts = usualSession
	}
	base := pass{Provider: w.Provider.ID, Session: r.Session, Claims: w.Claims, Bounds: bounds}
	if r.Role == "" {
		if err := checkLasts(r.Lasts, leastSession, mostOwn); err != nil {
			return Temporary{}, err
		}
		if !w.Provider.PolicyClaim {
			return Temporary{}, errs.New(errs.Forbidden, "iam_denied", "No RoleArn says which role to assume, and this provider's claim named policy counts for nothing. Name a role, or have an administrator set the provider's tag "+PolicyClaimTag+" to true.")
		}
		base.Named = namedBy(w.Claims)
		if len(base.Named) == 0 {
			return Temporary{}, errs.New(errs.Forbidden, "iam_denied", "The token has no claim named policy, and no RoleArn says which role to assume.")
		}
		if _, err := s.namedPolicies(ctx, base.Named); errs.KindOf(err) == errs.NotFound {
			return Temporary{}, errs.New(errs.Forbidden, "iam_denied", "The token's claim named policy names a policy that does not exist.")
		} else if err != nil {
			return Temporary{}, err
		}
		base.Session = sessionName(w.Subject)
		return s.issue(ctx, base, r.Lasts)
	}
	if err := checkSession(r.Session); err != nil {
		return Temporary{}, err
	}
	denied := errs.New(errs.Forbidden, "iam_denied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	role, err := findRole(s.db.Read(ctx), "name = ?", r.Role)
	if errs.KindOf(err) == errs.NotFound {
		return Temporary{}, denied
	}
	if err != nil {
		return Temporary{}, err
	}
	trust, err := role.trust(s.policies())
	if err != nil {
		return Temporary{}, denied
	}
	q := Question{
		Action: "sts:AssumeRoleWithWebIdentity", Resource: IAMARN("role", role.Name), Federated: IAMARN("oidc-provider", w.Provider.Name()),
		Facts: claimFacts{assumeFacts{&r}, &w},
	}
	// The provider has to be named: whoever wrote "everybody" meant those who have a key here.
	stranger := q
	stranger.Federated = IAMARN("oidc-provider", "?") // which none is called
	if trust.Judge(&q) != Allows || trust.Judge(&stranger) == Allows {
		return Temporary{}, denied
	}
	if err := checkLasts(r.Lasts, leastSession, time.Duration(role.MaxSession)*time.Second); err != nil {
		return Temporary{}, err
	}
	base.Roles = []string{role.ID}
	return s.issue(ctx, base, r.Lasts)
}

// namedBy returns the policies that the claim "policy" names.
func namedBy(claims map[string][]string) []string {
	var named []string
	for _, value := range claims["policy"] {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				named = append(named, name)
			}
		}
	}
	return named
}

// sessionName makes the name of a session out of a subject.
func sessionName(subject string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+=,.@-", r) {
			return r
		}
		return '-'
	}, subject)
	return cut(name+strings.Repeat("-", max(0, 2-len(name))), maxRoleName)
}

// claimFacts are those of a request with a provider's token.
type claimFacts struct {
	assumeFacts
	who *WebIdentity
}

func (f claimFacts) Value(key string) []string {
	if claim, ok := strings.CutPrefix(key, strings.ToLower(f.who.Provider.Name())+":"); ok {
		if claim == "aud" {
			return []string{f.who.Audience}
		}
		return f.who.Claims[claim]
	}
	if claim, ok := strings.CutPrefix(key, "jwt:"); ok {
		return f.who.Claims[claim]
	}
	if key == "aws:federatedprovider" {
		return []string{IAMARN("oidc-provider", f.who.Provider.Name())}
	}
	return f.assumeFacts.Value(key)
}

// SessionToken gives a credential of a user's own rights for a while.
func (s *Service) SessionToken(ctx context.Context, p Principal, lasts time.Duration) (Temporary, error) {
	return s.ownToken(ctx, p, "", nil, lasts)
}

// FederationToken gives a credential of a user's own rights as far as the policies of
// the request allow, to be handed to somebody else.
func (s *Service) FederationToken(ctx context.Context, p Principal, r SessionRequest) (Temporary, error) {
	if err := checkSession(r.Session); err != nil {
		return Temporary{}, err
	}
	bounds, err := s.bound(ctx, &r)
	if err != nil {
		return Temporary{}, err
	}
	if len(bounds) == 0 {
		return Temporary{}, errs.New(errs.Invalid, "iam_invalid", "Say with Policy or PolicyArns what the credential is to be good for; without, it would be good for nothing.")
	}
	return s.ownToken(ctx, p, r.Session, bounds, r.Lasts)
}

func (s *Service) ownToken(ctx context.Context, p Principal, session string, bounds []passBound, lasts time.Duration) (Temporary, error) {
	if p.Temporary {
		return Temporary{}, errs.New(errs.Forbidden, "iam_denied", "Temporary credentials cannot ask for others in this way. Use sts:AssumeRole.")
	}
	base, err := s.passOf(p, "")
	if err != nil {
		return Temporary{}, err
	}
	if lasts == 0 {
		lasts = usualToken
	}
	if err := checkLasts(lasts, leastSession, mostToken); err != nil {
		return Temporary{}, err
	}
	base.Session, base.Bounds = session, bounds
	return s.issue(ctx, base, lasts)
}

// EndSessions ends every temporary credential that a user asked for until now, or that
// is a role.
func (s *Service) EndSessions(ctx context.Context, h Holder) error {
	table := map[HolderKind]string{UserHolder: "users", RoleHolder: "iam_roles"}[h.Kind]
	if table == "" {
		return errs.New(errs.Invalid, "iam_invalid", "Sessions are of users and of roles.")
	}
	return s.change(ctx, func(tx *gorm.DB) error {
		if err := h.exists(tx); err != nil {
			return err
		}
		return tx.Exec("UPDATE "+table+" SET sessions_from = ? WHERE id = ?", s.endedBefore(), h.ID).Error
	})
}

// endedBefore is the time before which sessions are that end now. Those of this very
// millisecond end as well.
func (s *Service) endedBefore() int64 { return millis(s.now()) + 1 }
