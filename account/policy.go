package account

import (
	"context"
	"slices"
	"strings"

	"croft/internal/errs"
)

// Role is what a member is in a project.
type Role string

// The roles, from most to least.
const (
	Owner      Role = "owner"
	Maintainer Role = "maintainer"
	Developer  Role = "developer"
	Viewer     Role = "viewer"
)

// Roles lists every role, from most to least.
func Roles() []Role { return []Role{Owner, Maintainer, Developer, Viewer} }

// Valid reports whether r is one of the roles.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// covers reports whether r may do what least may do.
func (r Role) covers(least Role) bool {
	have, need := slices.Index(Roles(), r), slices.Index(Roles(), least)
	return have >= 0 && need >= 0 && have <= need
}

// Action is what a principal wants to do.
type Action string

// The actions. Their rules stand in rules below.
const (
	ProjectRead     Action = "project.read"
	ProjectUpdate   Action = "project.update"
	ProjectDelete   Action = "project.delete"
	MemberRead      Action = "member.read"
	MemberWrite     Action = "member.write"
	RepositoryRead  Action = "repository.read"
	RepositoryWrite Action = "repository.write"
	RunRead         Action = "run.read"
	RunStart        Action = "run.start"
	RunCancel       Action = "run.cancel"
	BucketRead      Action = "bucket.read"
	ObjectWrite     Action = "object.write"
	BucketWrite     Action = "bucket.write"
	RoomRead        Action = "room.read"
	RoomPost        Action = "room.post"
	AuditRead       Action = "audit.read"
	ProjectCreate   Action = "project.create"
	InstanceRead    Action = "instance.read"
	InstanceAdmin   Action = "instance.admin"
	SelfRead        Action = "self.read"
	SelfUpdate      Action = "self.update"
	SelfCredentials Action = "self.credentials" // password, sessions, tokens and keys
)

// domain says what kind of thing an action is done to.
type domain int

const (
	inProject domain = iota // a project and what belongs to it
	inBucket                // a bucket, of a project or of nobody
	inRoom                  // a chat room: of a project, of everybody, or direct
	instance                // Croft as a whole
	self                    // the principal's own account
)

type rule struct {
	domain domain
	least  Role // in the project, where there is one
	admin  bool // only administrators, where there is no project
	reads  bool // it changes nothing
}

// rules is the whole policy, apart from the order in which Authorize asks.
var rules = map[Action]rule{
	ProjectRead:     {inProject, Viewer, true, true},
	ProjectUpdate:   {inProject, Maintainer, true, false},
	ProjectDelete:   {inProject, Owner, true, false},
	MemberRead:      {inProject, Viewer, true, true},
	MemberWrite:     {inProject, Owner, true, false},
	RepositoryRead:  {inProject, Viewer, true, true},
	RepositoryWrite: {inProject, Maintainer, true, false},
	RunRead:         {inProject, Viewer, true, true},
	RunStart:        {inProject, Developer, true, false},
	RunCancel:       {inProject, Developer, true, false},
	AuditRead:       {inProject, Maintainer, true, true},
	BucketRead:      {inBucket, Viewer, true, true},
	ObjectWrite:     {inBucket, Developer, true, false},
	BucketWrite:     {inBucket, Maintainer, true, false},
	RoomRead:        {inRoom, Viewer, false, true},
	RoomPost:        {inRoom, Viewer, false, false},
	ProjectCreate:   {domain: instance},
	InstanceRead:    {domain: instance, reads: true},
	InstanceAdmin:   {domain: instance, admin: true},
	SelfRead:        {domain: self, reads: true},
	SelfUpdate:      {domain: self},
	SelfCredentials: {domain: self},
}

// Least is the least role in a project that an action needs.
func (a Action) Least() Role { return rules[a].least }

// Actions lists every action, sorted.
func Actions() []Action {
	list := make([]Action, 0, len(rules))
	for a := range rules {
		list = append(list, a)
	}
	slices.Sort(list)
	return list
}

// Resource is what an action is done to. The zero value is Croft as a whole.
type Resource struct {
	ProjectID string
	Bucket    string
	Members   []string // when not nil, the user IDs who alone may (direct messages)
	UserID    string   // whose account, for self actions; empty is the principal's own
}

// SystemBucketPrefix starts the names of buckets that hold Croft's own objects.
const SystemBucketPrefix = "croft-"

// chatBucket holds the files of all chat rooms. Those of direct rooms are their
// members' alone, so nobody reads them as objects, administrators included.
const chatBucket = SystemBucketPrefix + "chat"

// SystemBucket reports whether a bucket holds Croft's own objects. Administrators
// may read it, but for chat's; only Croft itself writes it.
func SystemBucket(name string) bool { return strings.HasPrefix(name, SystemBucketPrefix) }

// Authorize decides whether p may do a to r. It is the only place that does, and
// every route passes it. It returns nil; Unauthenticated for nobody; NotFound
// where p may not even know that r exists; Forbidden otherwise.
func (s *Service) Authorize(ctx context.Context, p Principal, a Action, r Resource) error {
	if p.Nobody() {
		return errUnauthenticated
	}
	rule, known := rules[a]
	if !known {
		return errs.Newf(errs.Internal, "unknown_action", "Croft does not know the action %q.", a)
	}
	if p.Via == ViaSystem {
		return nil
	}
	if err := p.confined(rule, r); err != nil {
		return err
	}
	switch {
	case rule.domain == self:
		return authorizeSelf(p, a, r)
	case rule.domain == instance:
		return adminOr(p, !rule.admin)
	case rule.domain == inRoom && r.Members != nil:
		if !slices.Contains(r.Members, p.UserID) {
			return hidden(r)
		}
		return nil
	case rule.domain == inBucket && SystemBucket(r.Bucket):
		return authorizeSystemBucket(p, a, r)
	case p.Admin:
		return nil
	case r.ProjectID == "":
		return authorizeUnowned(p, rule, r)
	}
	if err := s.authorizeMember(ctx, p, rule, r); err != nil {
		return err
	}
	if a == BucketWrite && strings.HasSuffix(r.Bucket, ArtifactBucketSuffix) {
		return errs.New(errs.Forbidden, "artifact_bucket", `A bucket whose name ends with "-artifacts" comes and goes with its project.`)
	}
	return nil
}

// confined refuses what the credential is not good for, whatever its user may do.
func (p Principal) confined(rule rule, r Resource) error {
	if p.Via == ViaKey && rule.domain != inBucket {
		return errs.New(errs.Forbidden, "key_only_s3", "An S3 access key reaches buckets and objects only.")
	}
	if p.Grants.Narrowed() && rule.domain != inBucket { // whose policies are asked where the bucket is
		return errs.New(errs.Forbidden, "credential_limited", "This access key or session is good for what its policy allows only.")
	}
	if p.ReadOnly && !rule.reads {
		return errs.New(errs.Forbidden, "credential_read_only", "This credential can only read.")
	}
	if p.ProjectID != "" && (rule.domain == instance || rule.domain == self) {
		return errs.New(errs.Forbidden, "credential_limited", "This credential is limited to one project.")
	}
	if p.ProjectID != "" && p.ProjectID != r.ProjectID {
		return hidden(r)
	}
	return nil
}

// Grantable returns nil where something besides roles, such as the policy of a bucket,
// may let p do a to r. It may not what the credential is not good for, nor let anybody
// to Croft's own buckets; nobody can be let to more than objects and reading.
func (p Principal) Grantable(a Action, r Resource) error {
	rule, known := rules[a]
	switch {
	case !known || rule.domain != inBucket || SystemBucket(r.Bucket):
		return hidden(r)
	case p.Nobody() && a != BucketRead && a != ObjectWrite:
		return errUnauthenticated
	}
	return p.confined(rule, r)
}

// authorizeSelf keeps everyone to their own account, administrators too: they
// manage others by instance.admin, and never hold others' credentials. A token
// cannot make or end credentials, so a leaked one cannot outlive itself.
func authorizeSelf(p Principal, a Action, r Resource) error {
	if r.UserID != "" && r.UserID != p.UserID {
		return errs.New(errs.NotFound, "user_not_found", "There is no such user.")
	}
	if a == SelfCredentials && p.Via != ViaSession {
		return errs.New(errs.Forbidden, "session_required", "Log in with a browser to manage passwords, sessions, tokens and keys.")
	}
	return nil
}

func authorizeSystemBucket(p Principal, a Action, r Resource) error {
	if !p.Admin || r.Bucket == chatBucket {
		return hidden(r)
	}
	if a != BucketRead {
		return errs.New(errs.Forbidden, "system_bucket", `Buckets whose names start with "croft-" belong to Croft itself and cannot be changed.`)
	}
	return nil
}

// authorizeUnowned decides about what belongs to no project. A bucket of nobody is
// hidden from those who may not use it.
func authorizeUnowned(p Principal, rule rule, r Resource) error {
	if r.Bucket != "" {
		return hidden(r)
	}
	return adminOr(p, !rule.admin)
}

func adminOr(p Principal, everybody bool) error {
	if p.Admin || everybody {
		return nil
	}
	return errs.New(errs.Forbidden, "admin_required", "Only an administrator may do this.")
}

func (s *Service) authorizeMember(ctx context.Context, p Principal, rule rule, r Resource) error {
	role, err := s.roleOf(ctx, r.ProjectID, p.UserID)
	switch {
	case err != nil:
		return err
	case role == "":
		return hidden(r)
	case !role.covers(rule.least):
		return errs.Newf(errs.Forbidden, "role_too_low", "Your role in this project is %s; this needs %s.", role, rule.least)
	}
	return nil
}

var errUnauthenticated = errs.New(errs.Unauthenticated, "unauthenticated", "Log in first.")

// hidden is the error for what p may not know of: the same as if it did not exist.
func hidden(r Resource) error {
	switch {
	case r.Members != nil:
		return errs.New(errs.NotFound, "room_not_found", "There is no such room.")
	case r.Bucket != "":
		return ErrBucketNotFound()
	}
	return ErrProjectNotFound()
}

// ErrProjectNotFound is the one answer for a project that does not exist and for
// one that the principal may not see.
func ErrProjectNotFound() error {
	return errs.New(errs.NotFound, "project_not_found", "There is no such project.")
}

// ErrBucketNotFound is the one answer for a bucket that does not exist and for one
// that the principal may not see.
func ErrBucketNotFound() error {
	return errs.New(errs.NotFound, "bucket_not_found", "There is no such bucket.")
}
