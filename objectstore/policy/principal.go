package policy

import "strings"

// Account is the number of the account that a Croft is, where AWS has one: in
// arn:aws:iam::000000000000:user/NAME.
const Account = "000000000000"

const (
	iamARN     = "arn:aws:iam::" + Account + ":"
	userARN    = iamARN + "user/"
	assumedARN = "arn:aws:sts::" + Account + ":assumed-role/"
)

// UserARN names a user as policies do.
func UserARN(name string) string { return userARN + name }

// IAMARN names what IAM has besides users: IAMARN("role", "backup").
func IAMARN(kind, name string) string { return iamARN + kind + "/" + name }

// Principal is who a request is from: a user, or a session of a role. The zero value
// is nobody: a request without a signature.
type Principal struct {
	Name string // of the user; empty for a role
	// Role is the name of the role, and Session what whoever assumed it calls himself.
	Role, Session string
	// Federated is the ARN of the provider that vouches for somebody who assumes a role;
	// only trust policies name it.
	Federated string
	// ID is that of the user or of the role, for documents that say whom their names mean.
	ID string
	// ByID says that the name alone is not enough where a document does not say: it is from
	// before documents did, and whoever it meant was there then.
	ByID bool
}

// Nobody reports whether nobody signed.
func (p Principal) Nobody() bool { return p.Name == "" && p.Role == "" && p.Federated == "" }

// ARN is the principal's, empty for nobody.
func (p Principal) ARN() string {
	switch {
	case p.Role != "":
		return assumedARN + p.Role + "/" + p.Session
	case p.Name == "":
		return ""
	}
	return UserARN(p.Name)
}

// principals are whom a statement names.
type principals struct {
	everybody bool              // nobody included
	users     bool              // every user of this Croft
	names     map[string]string // and whom they mean by ID; empty: whoever is called so
	roles     map[string]string
	sessions  map[string]string // "ROLE/SESSION", and the ID of the role
	federated map[string]string // ARNs of providers
}

// isIn reports whether a name that stands in a list means them.
func (p *Principal) isIn(list map[string]string, name string) bool {
	id, ok := list[name]
	if id == "" {
		return ok && !p.ByID
	}
	return id == p.ID
}

func (p *principals) has(who Principal) bool {
	switch {
	case p.everybody:
		return true
	case who.Federated != "":
		_, ok := p.federated[who.Federated]
		return ok
	case who.Role != "":
		return p.users || who.isIn(p.roles, who.Role) || (p.sessions != nil && who.isIn(p.sessions, who.Role+"/"+who.Session))
	case who.Name == "":
		return false
	}
	return p.users || who.isIn(p.names, who.Name)
}

func (r *reader) principals(n *node, path string) (principals, error) {
	var out principals
	if n.kind == isString {
		if n.text == "*" {
			out.everybody = true
			return out, nil
		}
		return out, r.atf(n, path, `A principal alone can only be "*", everybody. Name users as {"AWS": "%sNAME"}.`, userARN)
	}
	if n.kind != isObject || len(n.members) == 0 {
		return out, r.atf(n, path, `Write "*" for everybody, or {"AWS": "%sNAME"} or a list of such names.`, userARN)
	}
	for _, m := range n.members {
		at := join(path, m.name)
		trusted := r.purpose == forTrust && m.name == "Federated"
		if m.name != "AWS" && m.name != "CanonicalUser" && !trusted {
			return out, r.place(m.offset, at, `Croft has users and no services or other logins in its place; write "AWS" or "CanonicalUser".`)
		}
		items := m.value.list()
		if len(items) == 0 {
			return out, r.atf(m.value, at, "Name at least one principal.")
		}
		for _, item := range items {
			if item.kind != isString {
				return out, r.atf(item, at, "A principal is a text, not %s.", item.kind)
			}
			if trusted {
				if !strings.HasPrefix(item.text, providerARN) || len(item.text) == len(providerARN) {
					return out, r.atf(item, at, "A provider is named by its ARN, %sHOST/PATH.", providerARN)
				}
				put(&out.federated, item.text)
				continue
			}
			named := mention{node: item, path: at}
			if err := out.add(item.text, m.name == "AWS", &named); err != nil {
				return out, r.at(item, at, err)
			}
			if named.user != "" || named.role != "" {
				r.mentions = append(r.mentions, named)
			}
		}
	}
	return out, nil
}

// add takes one principal as it is written. Users are named by ARN, in this account or
// any ("*"), or by their names alone. named is told which user or role it is, if one.
func (p *principals) add(text string, aws bool, named *mention) error {
	name := text
	switch {
	case aws && text == "*":
		p.everybody = true
		return nil
	case aws && text == Account:
		p.users = true
		return nil
	case aws && strings.HasPrefix(text, "arn:"):
		parts := strings.SplitN(text, ":", 6)
		if len(parts) != 6 || parts[1] != "aws" || (parts[2] != "iam" && parts[2] != "sts") || parts[3] != "" {
			return errAtf("This is not the ARN of a user. It looks like %sNAME.", userARN)
		}
		if parts[4] != Account && parts[4] != "*" && parts[4] != "" {
			return errAtf("There is no account %s here: this Croft is %s, so write %sNAME.", parts[4], Account, userARN)
		}
		if parts[5] == "root" {
			p.users = true
			return nil
		}
		if role, ok := strings.CutPrefix(parts[5], "role/"); ok && parts[2] == "iam" && plainName(role) {
			put(&p.roles, role)
			named.role = role
			return nil
		}
		if session, ok := strings.CutPrefix(parts[5], "assumed-role/"); ok && parts[2] == "sts" {
			if role, name, _ := strings.Cut(session, "/"); plainName(role) && plainName(name) {
				put(&p.sessions, session)
				named.role, named.session = role, name
				return nil
			}
		}
		user, ok := strings.CutPrefix(parts[5], "user/")
		if !ok || parts[2] != "iam" {
			return errAtf("Croft has users and roles, but no %s. Write %sNAME.", strings.SplitN(parts[5], "/", 2)[0], userARN)
		}
		name = user
	}
	if !plainName(name) {
		return errAtf(`%q is not the name of a user; wildcards do not count in it. Name the user, or write "*" for everybody.`, name)
	}
	put(&p.names, name)
	named.user = name
	return nil
}

const providerARN = iamARN + "oidc-provider/"

// plainName reports whether a name is one, without wildcards and the like.
func plainName(name string) bool { return name != "" && !strings.ContainsAny(name, `*?/:$ `) }

func put(set *map[string]string, name string) {
	if *set == nil {
		*set = make(map[string]string)
	}
	(*set)[name] = ""
}
