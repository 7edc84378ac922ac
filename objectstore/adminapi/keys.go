package adminapi

import (
	"encoding/json"
	"net/http"
	"time"
)

type keyJSON struct {
	User        string     `json:"parentUser"`
	Status      string     `json:"accountStatus"`
	Implied     bool       `json:"impliedPolicy"`
	AccessKey   string     `json:"accessKey,omitempty"`
	Policy      *string    `json:"policy,omitempty"`
	Name        string     `json:"name,omitempty"`
	Description string     `json:"description,omitempty"`
	Expires     *time.Time `json:"expiration,omitempty"`
}

func keyOf(k Key) keyJSON {
	if k.ExpiresAt.IsZero() {
		k.ExpiresAt = never.UTC() // mc wants a time
	}
	return keyJSON{
		User: k.User, Status: map[bool]string{true: "off", false: "on"}[k.Disabled], Implied: k.Policy == "", AccessKey: k.AccessKey,
		Name: k.Name, Description: k.Description, Expires: &k.ExpiresAt,
	}
}

// never is what clients send for no end.
var never = time.Unix(0, 0)

func end(t *time.Time) time.Time {
	if t == nil || t.IsZero() || t.Equal(never) {
		return time.Time{}
	}
	return *t
}

func (h *Handler) addKey(q *request) error {
	var in struct {
		Policy      json.RawMessage `json:"policy"`
		User        string          `json:"targetUser"`
		AccessKey   string          `json:"accessKey"`
		Secret      string          `json:"secretKey"`
		Name        string          `json:"name"`
		Description string          `json:"description"`
		Comment     string          `json:"comment"` // what the description was called once
		Expires     *time.Time      `json:"expiration"`
	}
	if err := q.secretJSON(&in); err != nil {
		return err
	}
	if in.Description == "" {
		in.Description = in.Comment
	}
	k := Key{User: in.User, AccessKey: in.AccessKey, Name: in.Name, Description: in.Description, Policy: text(in.Policy), ExpiresAt: end(in.Expires)}
	q.event.Target, q.event.Detail = in.User, "access key "+in.AccessKey
	accessKey, secret, err := h.config.Accounts.AddKey(q.ctx(), q.visit.Credential, k, in.Secret)
	if err != nil {
		return err
	}
	q.event.Detail = "access key " + accessKey
	out := map[string]any{"accessKey": accessKey, "secretKey": secret}
	if !k.ExpiresAt.IsZero() {
		out["expiration"] = k.ExpiresAt
	}
	return q.answerSecret(map[string]any{"credentials": out})
}

// text is a policy in JSON; null is none.
func text(raw json.RawMessage) string {
	if string(raw) == "null" {
		return ""
	}
	return string(raw)
}

func (h *Handler) changeKey(q *request) error {
	q.event.Target = q.query.Get("accessKey")
	var in struct {
		Policy      json.RawMessage `json:"newPolicy"`
		Secret      string          `json:"newSecretKey"`
		Status      string          `json:"newStatus"`
		Name        string          `json:"newName"`
		Description string          `json:"newDescription"`
		Expires     *time.Time      `json:"newExpiration"`
	}
	if err := q.secretJSON(&in); err != nil {
		return err
	}
	var k KeyChange
	set := func(to **string, value string) {
		if value != "" {
			*to = &value
		}
	}
	set(&k.Secret, in.Secret)
	set(&k.Name, in.Name)
	set(&k.Description, in.Description)
	set(&k.Policy, text(in.Policy))
	if in.Expires != nil {
		at := end(in.Expires)
		k.ExpiresAt = &at
	}
	switch in.Status {
	case "":
	case "on", "off", "enabled", "disabled":
		off := in.Status == "off" || in.Status == "disabled"
		k.Disabled = &off
		q.event.Detail = in.Status
	default:
		return fail("InvalidArgument", http.StatusBadRequest, `The status is one of "on" and "off".`)
	}
	if err := h.config.Accounts.ChangeKey(q.ctx(), q.visit.Credential, q.event.Target, k); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}

func (h *Handler) keyInfo(q *request) error {
	k, err := h.config.Accounts.Key(q.ctx(), q.visit.Credential, q.query.Get("accessKey"))
	if err != nil {
		return err
	}
	out := keyOf(k)
	out.AccessKey, out.Policy = "", &k.Policy
	return q.answerSecret(out)
}

func (h *Handler) listKeys(q *request) error {
	_, keys, err := h.config.Accounts.Keys(q.ctx(), q.visit.Credential, q.query.Get("user"))
	if err != nil {
		return err
	}
	return q.answerSecret(map[string]any{"accounts": keysOf(keys)})
}

func keysOf(keys []Key) []keyJSON {
	out := []keyJSON{}
	for _, k := range keys {
		out = append(out, keyOf(k))
	}
	return out
}

type userKeysJSON struct {
	Keys      []keyJSON `json:"serviceAccounts"`
	Temporary []keyJSON `json:"stsKeys"`
}

// listAllKeys answers with the keys of the users that are named, of all, or one's own.
func (h *Handler) listAllKeys(q *request) error {
	users := q.query["users"]
	switch all := q.query.Get("all") == "true"; {
	case all && len(users) > 0:
		return fail("InvalidArgument", http.StatusBadRequest, "Name users or ask for all, not both.")
	case all:
		every, err := h.config.Accounts.Users(q.ctx(), q.visit.Credential)
		if failed := failureOf(err); err != nil && failed.code == "AccessDenied" {
			return fail(failed.code, failed.status, "Access Denied.") // at which mc asks for one's own
		} else if err != nil {
			return err
		}
		for _, u := range every {
			users = append(users, u.Name)
		}
	case len(users) == 0:
		users = []string{""}
	}
	out := make(map[string]userKeysJSON)
	kind := q.query.Get("listType")
	for _, name := range users {
		owner, keys, err := h.config.Accounts.Keys(q.ctx(), q.visit.Credential, name)
		if err != nil {
			return err
		}
		one := userKeysJSON{[]keyJSON{}, []keyJSON{}}
		if kind != "users-only" && kind != "sts-only" {
			one.Keys = keysOf(keys)
		}
		out[owner] = one
	}
	return q.answerSecret(out)
}

func (h *Handler) removeKey(q *request) error {
	q.event.Target = q.query.Get("accessKey")
	if err := h.config.Accounts.RemoveKey(q.ctx(), q.visit.Credential, q.event.Target); err != nil {
		return err
	}
	q.w.WriteHeader(http.StatusNoContent)
	return nil
}
