package adminapi

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"croft/objectstore/s3api"
)

// maxToken bounds a bearer token, in bytes.
const maxToken = 4 << 10

// bearer verifies the token of a scraper, which `mc admin prometheus generate` makes: a
// JSON Web Token that the secret of an access key signed with HMAC-SHA512. Nothing else
// counts as a token, whatever its header says.
func (h *Handler) bearer(q *request) (s3api.Credential, error) {
	denied := fail("AccessDenied", http.StatusForbidden, "Access Denied. Send the bearer token that `mc admin prometheus generate` prints.")
	kind, token, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	parts := strings.Split(token, ".")
	if !strings.EqualFold(kind, "Bearer") || len(token) > maxToken || len(parts) != 3 {
		return s3api.Credential{}, denied
	}
	var head struct {
		Algorithm string `json:"alg"`
		Type      string `json:"typ"`
		Critical  []any  `json:"crit"`
	}
	var claims struct {
		Subject   string   `json:"sub"`
		Issuer    string   `json:"iss"`
		ExpiresAt *float64 `json:"exp"`
		NotBefore float64  `json:"nbf"`
	}
	if !decoded(parts[0], &head) || !decoded(parts[1], &claims) || head.Algorithm != "HS512" || head.Critical != nil ||
		claims.Issuer != "prometheus" || claims.Subject == "" || claims.ExpiresAt == nil {
		return s3api.Credential{}, denied
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return s3api.Credential{}, denied
	}
	c, err := h.config.Gate.Credential(q.ctx(), claims.Subject)
	if err != nil || c.Secret == "" {
		return s3api.Credential{}, denied
	}
	mac := hmac.New(sha512.New, []byte(c.Secret))
	mac.Write([]byte(parts[0] + "." + parts[1]))
	now := float64(h.now().UnixNano()) / float64(time.Second)
	if !hmac.Equal(mac.Sum(nil), signature) || now >= *claims.ExpiresAt || now < claims.NotBefore {
		return s3api.Credential{}, denied
	}
	return c, nil
}

func decoded(part string, v any) bool {
	text, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(text, v) == nil
}
