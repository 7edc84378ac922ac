package policy

import "strings"

// Account is the number of the account that a Croft is, where AWS has one: in
// arn:aws:iam::000000000000:user/NAME.
const Account = "000000000000"

const userARN = "arn:aws:iam::" + Account + ":user/"

// UserARN names a user as policies do.
func UserARN(name string) string { return userARN + name }

// Principal is who a request is from. Without a name it is nobody: a request without
// a signature.
type Principal struct{ Name string }

// ARN is the principal's, empty for nobody.
func (p Principal) ARN() string {
	if p.Name == "" {
		return ""
	}
	return UserARN(p.Name)
}

// principals are whom a statement names.
type principals struct {
	everybody bool // nobody included
	users     bool // every user of this Croft
	names     map[string]bool
}

func (p *principals) has(who Principal) bool {
	switch {
	case p.everybody:
		return true
	case who.Name == "":
		return false
	}
	return p.users || p.names[who.Name]
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
		if m.name != "AWS" && m.name != "CanonicalUser" {
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
			if err := out.add(item.text, m.name == "AWS"); err != nil {
				return out, r.at(item, at, err)
			}
		}
	}
	return out, nil
}

// add takes one principal as it is written. Users are named by ARN, in this account or
// any ("*"), or by their names alone.
func (p *principals) add(text string, aws bool) error {
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
		if len(parts) != 6 || parts[1] != "aws" || parts[2] != "iam" || parts[3] != "" {
			return errAtf("This is not the ARN of a user. It looks like %sNAME.", userARN)
		}
		if parts[4] != Account && parts[4] != "*" && parts[4] != "" {
			return errAtf("There is no account %s here: this Croft is %s, so write %sNAME.", parts[4], Account, userARN)
		}
		if parts[5] == "root" {
			p.users = true
			return nil
		}
		user, ok := strings.CutPrefix(parts[5], "user/")
		if !ok {
			return errAtf("Croft has users, but no %s. Write %sNAME.", strings.SplitN(parts[5], "/", 2)[0], userARN)
		}
		name = user
	}
	if name == "" || strings.ContainsAny(name, `*?/:$ `) {
		return errAtf(`%q is not the name of a user; wildcards do not count in it. Name the user, or write "*" for everybody.`, name)
	}
	if p.names == nil {
		p.names = make(map[string]bool)
	}
	p.names[name] = true
	return nil
}
