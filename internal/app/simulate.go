package app

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/policy"
	"croft/objectstore/s3api"
	"croft/server"
)

// simulator answers who may do what. Whatever it is asked it asks access.ruling, which
// decides about requests.
type simulator struct {
	access
	store objectstore.Store
}

var _ server.Simulator = simulator{}

// What actions are about, of those that can be asked about a bucket.
const (
	neither = iota
	aBucket
	anObject
)

// aboutWhat says what each action of S3 is about.
var aboutWhat = sync.OnceValue(func() map[string]int {
	all := map[string]int{}
	for _, w := range policy.ActionWords() {
		switch {
		case w.On == "object":
			all[w.Name] = anObject
		case w.On == "bucket" && w.Name != "s3:CreateBucket": // which is about one that is not there
			all[w.Name] = aBucket
		default:
			all[w.Name] = neither
		}
	}
	return all
})

// Asked implements server.Simulator.
func (s simulator) Asked(action string) bool {
	_, ok := s3api.ActionOf(action)
	return ok && aboutWhat()[action] != neither
}

// Simulate implements server.Simulator.
func (s simulator) Simulate(ctx context.Context, asker account.Principal, q server.SimulatedQuestion) ([]server.SimulatedAnswer, error) {
	who, closed, err := s.whose(ctx, asker, &q)
	if err != nil {
		return nil, err
	}
	answers := make([]server.SimulatedAnswer, 0, len(q.Actions))
	for _, action := range q.Actions {
		about, known := aboutWhat()[action]
		switch {
		case !known:
			return nil, errs.Newf(errs.Invalid, "action_unknown", "S3 has no action %q. Check the spelling.", action)
		case about == anObject && q.Object == "":
			return nil, errs.New(errs.Invalid, "object_missing", "Name the object that this is to be done to.")
		case closed != "":
			answers = append(answers, server.SimulatedAnswer{Action: action, By: closed, Decided: -1, Statements: []server.SimulatedStatement{}})
			continue
		case !s.Asked(action):
			answers = append(answers, server.SimulatedAnswer{Action: action, By: "unasked", Decided: -1, Statements: []server.SimulatedStatement{}})
			continue
		}
		answer, err := s.one(ctx, who, action, about == anObject, &q)
		if err != nil {
			return nil, err
		}
		answers = append(answers, answer)
	}
	return answers, nil
}

// whose finds the principal that a question is about, as a request by it would be from.
// Where all requests by it are refused, closed says why, as answers do.
func (s simulator) whose(ctx context.Context, asker account.Principal, q *server.SimulatedQuestion) (p account.Principal, closed string, err error) {
	switch q.Who {
	case "key":
		_, p, err = s.accounts.KeyCredential(ctx, q.Key)
		if errs.KindOf(err) == errs.Unauthenticated {
			p.UserID, closed, err = s.closedKey(ctx, q.Key)
		}
		if errs.KindOf(err) == errs.NotFound || (err == nil && !asker.Admin && p.UserID != asker.UserID) {
			return account.Principal{}, "", errs.New(errs.NotFound, "access_key_unknown", "There is no such access key, or it is not yours to ask about.")
		}
		return p, closed, err
	case "role":
		p, err = s.accounts.ImagineSession(ctx, account.ImaginedSession{Role: q.Role, Session: q.Session, Provider: q.Provider, Claims: claimsIn(q.Facts)})
		return p, "", err
	case "user":
		user, err := s.accounts.UserByName(ctx, q.User)
		if err != nil {
			return p, "", err
		}
		if user.Disabled {
			closed = "disabled"
		}
		grants, err := s.accounts.UserGrants(ctx, user.ID)
		return account.Principal{UserID: user.ID, Name: user.Name, Admin: user.Admin, Via: account.ViaKey, Grants: grants, ByID: user.ByID}, closed, err
	}
	return account.Principal{}, "", nil
}

// claimsIn are the claims of a provider's token among the facts of a question.
func claimsIn(facts map[string][]string) map[string][]string {
	var claims map[string][]string
	for name, values := range facts {
		claim, ok := strings.CutPrefix(strings.ToLower(name), policy.Claim)
		if !ok {
			continue
		}
		if claims == nil {
			claims = map[string][]string{}
		}
		claims[claim] = values
	}
	return claims
}

// SimulateOwn implements server.Simulator.
func (s simulator) SimulateOwn(ctx context.Context, asker account.Principal, q server.SimulatedQuestion) ([]server.SimulatedAnswer, error) {
	asker.Admin = false // for whom keys of others are not theirs here either
	reads, err := s.readsPolicy(ctx, asker, &q)
	if err != nil {
		return nil, err
	}
	if !reads {
		for name := range q.Facts {
			if !carried(name) {
				return nil, errs.Newf(errs.Invalid, "fact_not_carried",
					"You may not read this bucket's policy, so only what requests carry themselves can be assumed, and not %s. Leave it away.", name)
			}
		}
	}
	answers, err := s.Simulate(ctx, asker, q)
	if err != nil || reads {
		return answers, err
	}
	for i := range answers {
		withoutBucket(&answers[i])
	}
	return answers, nil
}

// readsPolicy reports whether somebody may read the policy of the bucket that they ask
// about, by whatever lets them.
func (s simulator) readsPolicy(ctx context.Context, asker account.Principal, q *server.SimulatedQuestion) (bool, error) {
	const action = "s3:GetBucketPolicy"
	now := server.SimulatedQuestion{Bucket: q.Bucket, Address: q.Address, Secure: q.Secure}
	now.Who, now.User, now.Actions = "user", asker.Name, []string{action}
	answers, err := s.Simulate(ctx, asker, now)
	return err == nil && answers[0].Allowed, err
}

// carried reports whether whoever sends a request chooses the condition key's value, so
// that they could find out by a request what it changes.
func carried(key string) bool {
	key = strings.ToLower(key)
	switch {
	case key == "aws:referer" || key == "aws:useragent":
		return true
	case strings.HasPrefix(key, "s3:existingobjecttag/") || strings.HasPrefix(key, "s3:buckettag/") || key == "s3:resourceaccount" || key == "s3:tlsversion":
		return false
	}
	return strings.HasPrefix(key, "s3:")
}

// withoutBucket takes out what the policy of the bucket says.
func withoutBucket(a *server.SimulatedAnswer) {
	if a.Decided >= 0 && a.Statements[a.Decided].Source == "bucket" {
		a.Decided = -1
	}
	a.Statements = slices.DeleteFunc(a.Statements, func(one server.SimulatedStatement) bool { return one.Source == "bucket" })
}

// closedKey says whose an access key is that signs nothing, and why it does not.
func (s simulator) closedKey(ctx context.Context, accessKey string) (userID, why string, err error) {
	key, user, err := s.accounts.Key(ctx, accessKey)
	switch {
	case err != nil:
		return "", "", err
	case key.Disabled:
		why = "key_disabled"
	case user.Disabled:
		why = "disabled"
	default:
		why = "key_expired"
	}
	return user.ID, why, nil
}

// one answers one action.
func (s simulator) one(ctx context.Context, who account.Principal, action string, onObject bool, q *server.SimulatedQuestion) (server.SimulatedAnswer, error) {
	out := server.SimulatedAnswer{Action: action, Decided: -1, Statements: []server.SimulatedStatement{}}
	bucket, err := s.buckets.Bucket(ctx, q.Bucket)
	if err != nil {
		return out, err
	}
	ask := s3api.Ask{S3: action, Bucket: q.Bucket}
	ask.Action, _ = s3api.ActionOf(action)
	if onObject {
		ask.Key = q.Object
	}
	facts := &simulatedFacts{ctx: ctx, store: s.store, q: q, key: ask.Key, nobody: who.Nobody()}
	ask.Facts = facts
	by, err := s.ruling(ctx, who, &ask)
	rules, unreadable := s.rules.Of(&bucket)
	switch {
	case facts.err != nil:
		return out, facts.err
	case err != nil && unreadable == nil && (by == byNothing || by == byACL):
		return out, err
	}
	out.Allowed = err == nil
	if err != nil {
		out.Code, _ = errs.Public(err)
	}
	out.By = nameOf(by, who, q.Bucket, err)
	if !who.Nobody() && bucket.Owner != "" {
		role, err := s.accounts.RoleIn(ctx, bucket.Owner, who.UserID)
		if err != nil {
			return out, err
		}
		out.Role = string(role)
	}
	out.Needs = string(s3Actions[ask.Action].Least())
	if account.SystemBucket(q.Bucket) {
		return out, nil
	}
	out.Statements = ownStatements(who, &account.Question{Action: action, Resource: policy.Resource(q.Bucket, ask.Key), Facts: circumstances{who, facts}})
	if by == byOwn {
		out.Decided = firstOwn(out.Statements, out.Allowed)
	}
	if unreadable != nil || rules.Policy == nil {
		return out, facts.err
	}
	explained := rules.Policy.Explain(&policy.Request{
		Principal: policyPrincipal(who), Action: action, Resource: policy.Resource(q.Bucket, ask.Key), Context: circumstances{who, facts},
	})
	if (by == byPolicy || by == byBlock || by == byCredential) && explained.Decided >= 0 {
		out.Decided = len(out.Statements) + explained.Decided
	}
	for _, step := range explained.Steps {
		out.Statements = append(out.Statements, server.SimulatedStatement{
			Source: "bucket", SID: step.SID, Line: step.Line, Effect: string(step.Effect), Applies: step.Applies, Part: string(step.Part), Condition: step.Condition,
		})
	}
	return out, facts.err
}

// ownStatements are those of the policies that somebody brings along which apply.
func ownStatements(who account.Principal, q *account.Question) []server.SimulatedStatement {
	out := []server.SimulatedStatement{}
	if who.Grants == nil {
		return out
	}
	add := func(source string, d account.Document) {
		for _, one := range d.Explain(q) {
			effect := policy.Allow
			if one.Verdict == account.Denies {
				effect = policy.Deny
			}
			out = append(out, server.SimulatedStatement{Source: source, SID: one.SID, Line: one.Line, Effect: string(effect), Applies: true})
		}
	}
	for _, bound := range who.Grants.Bounds {
		for _, d := range bound {
			add("credential", d)
		}
	}
	for _, held := range who.Grants.Identity {
		add(held.Source, held.Document)
	}
	return out
}

// firstOwn is the statement by which what somebody brings along allows or denies; -1
// where it is refused because nothing in the policy of the key allows it.
func firstOwn(statements []server.SimulatedStatement, allowed bool) int {
	return slices.IndexFunc(statements, func(one server.SimulatedStatement) bool {
		if allowed {
			return one.Effect == string(policy.Allow) && one.Source != "credential"
		}
		return one.Effect == string(policy.Deny)
	})
}

// nameOf says in a word what decided.
func nameOf(by decided, who account.Principal, bucket string, err error) string {
	switch by {
	case byPolicy:
		return "policy"
	case byACL:
		return "acl"
	case byBlock:
		return "block"
	case byCredential:
		return "credential"
	case byNothing:
		return "unknown"
	case byOwn:
		if code, _ := errs.Public(err); err != nil && code == "credential_narrowed" {
			return "narrowed"
		}
		return "own"
	case byRole, byUpload: // no question is about an upload
	}
	code, _ := errs.Public(err)
	switch {
	case account.SystemBucket(bucket):
		return "system"
	case err == nil && who.Admin:
		return "administrator"
	case err != nil && (code == "credential_read_only" || who.ProjectID != ""):
		return "credential"
	}
	return "role"
}

// simulatedFacts are what the request would have that is asked about.
type simulatedFacts struct {
	ctx    context.Context // they live as long as one question
	store  objectstore.Store
	q      *server.SimulatedQuestion
	key    string
	nobody bool
	err    error // why a fact could not be found
}

var _ s3api.Facts = (*simulatedFacts)(nil)

// Value implements s3api.Facts.
func (f *simulatedFacts) Value(key string) []string {
	for name, values := range f.q.Facts {
		prefix, tag, _ := strings.Cut(name, "/")
		if tag != "" {
			tag = "/" + tag
		}
		if strings.ToLower(prefix)+tag == key {
			return values
		}
	}
	switch key {
	case "aws:sourceip":
		return some(f.q.Address)
	case "aws:securetransport":
		return some(strconv.FormatBool(f.q.Secure))
	case "aws:currenttime":
		return some(time.Now().UTC().Format(time.RFC3339))
	case "aws:epochtime":
		return some(strconv.FormatInt(time.Now().Unix(), 10))
	case "s3:versionid":
		if f.key != "" {
			return some(f.q.Version)
		}
	case "s3:authtype":
		if !f.nobody {
			return []string{"REST-HEADER"}
		}
	case "s3:signatureversion":
		if !f.nobody {
			return []string{"AWS4-HMAC-SHA256"}
		}
	}
	if tag, ok := strings.CutPrefix(key, "s3:existingobjecttag/"); ok && f.key != "" {
		o, err := f.Object(f.ctx)
		if err != nil && errs.KindOf(err) != errs.NotFound {
			f.err = err
		}
		return some(o.Attributes.Tags[tag])
	}
	return nil
}

// Initiator implements s3api.Facts. No question names an upload.
func (*simulatedFacts) Initiator(context.Context) (string, error) { return "", nil }

// Object implements s3api.Facts.
func (f *simulatedFacts) Object(ctx context.Context) (objectstore.Object, error) {
	if f.key == "" {
		return objectstore.Object{}, objectstore.ErrObjectNotFound
	}
	if versions, ok := f.store.(objectstore.Versions); ok && f.q.Version != "" {
		return versions.HeadVersion(ctx, objectstore.VersionRef{Bucket: f.q.Bucket, Key: f.key, ID: f.q.Version})
	}
	return f.store.Head(ctx, f.q.Bucket, f.key)
}
