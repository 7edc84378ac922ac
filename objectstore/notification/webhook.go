package notification

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"gorm.io/gorm"

	"croft/internal/errs"
	"croft/internal/store"
)

// Hook is a webhook: where events are posted to. Its token is known to the room alone.
type Hook struct {
	Name        string
	URL         string
	Authorities string // certificates in PEM that are trusted besides the system's
	Insecure    bool   // whoever answers is believed to be the target
	HasToken    bool
	CreatedAt   time.Time
	ChangedAt   time.Time
}

// NewHook is a webhook to add, or to put in the place of another. A nil Token keeps what
// there is, for the host that it was given for: another host gets none that it was not
// told of.
type NewHook struct {
	Hook
	Token *string // sent as "Bearer TOKEN", or as it is when it has a space
}

// Answer is what a target said to a test event.
type Answer struct {
	Status int
	Body   string // the beginning
	Took   time.Duration
}

// errRefused is within failures that are about the one event: the target is well.
var errRefused = errors.New("the target refused the event")

// hooks are the webhooks.
type hooks struct {
	service *Service

	mu      sync.Mutex // guards clients
	clients map[string]*hookClient
}

// hookClient sends to a webhook as it was at a time.
type hookClient struct {
	row   hookRow
	token string
	http  *http.Client
}

type hookRow struct {
	Name        string `gorm:"primaryKey"`
	URL         string `gorm:"column:url"`
	Authorities string
	Insecure    bool
	Token       []byte
	CreatedAt   int64 `gorm:"autoCreateTime:false"`
	ChangedAt   int64
}

// TableName implements gorm's schema.Tabler.
func (hookRow) TableName() string { return "event_webhooks" }

func (r hookRow) toApp() Hook {
	return Hook{
		Name: r.Name, URL: r.URL, Authorities: r.Authorities, Insecure: r.Insecure, HasToken: len(r.Token) > 0,
		CreatedAt: time.UnixMilli(r.CreatedAt).UTC(), ChangedAt: time.UnixMilli(r.ChangedAt).UTC(),
	}
}

// tokenPurpose names what a webhook's token is sealed for.
func tokenPurpose(name string) string { return "notification/" + name + "/token" }

func (h *hooks) row(ctx context.Context, name string) (row hookRow, err error) {
	err = h.service.db.Read(ctx).Where("name = ?", name).Take(&row).Error
	if store.NotFound(err) {
		return row, ErrTargetNotFound
	}
	if err != nil {
		return row, fmt.Errorf("read webhook: %w", err)
	}
	return row, nil
}

// Hooks returns the webhooks in order of name.
func (s *Service) Hooks(ctx context.Context) ([]Hook, error) {
	if !s.Available() {
		return nil, nil
	}
	var rows []hookRow
	if err := s.db.Read(ctx).Order("name").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	list := make([]Hook, 0, len(rows))
	for _, row := range rows {
		list = append(list, row.toApp())
	}
	return list, nil
}

func hookInvalid(format string, args ...any) error {
	return errs.Newf(errs.Invalid, "event_target_invalid", format, args...)
}

// clean tidies what a person typed and refuses what cannot be.
func (n *NewHook) clean() error {
	n.Name, n.URL, n.Authorities = strings.TrimSpace(n.Name), strings.TrimSpace(n.URL), strings.TrimSpace(n.Authorities)
	if !webhookName.MatchString(n.Name) {
		return hookInvalid("A target's name has 1 to 64 letters, digits, hyphens and underscores, and begins with a letter or digit.")
	}
	u, err := url.Parse(n.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
		return hookInvalid("The address of a target is an http:// or https:// URL.")
	}
	if u.User != nil {
		return hookInvalid("Give a password as the token, not in the address: addresses are shown.")
	}
	if n.Token != nil {
		token := strings.TrimSpace(*n.Token)
		if strings.ContainsFunc(token, unicode.IsControl) {
			return hookInvalid("The token is one line of text.")
		}
		n.Token = &token
	}
	_, err = roots(n.Authorities)
	return err
}

// roots are the authorities that may sign a target's certificate; nil is what the system trusts.
func roots(pem string) (*x509.CertPool, error) {
	if pem == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // not every platform has one
	}
	if !pool.AppendCertsFromPEM([]byte(pem)) {
		return nil, hookInvalid("The certificates to trust are not in PEM, the format that starts with -----BEGIN CERTIFICATE-----.")
	}
	return pool, nil
}

// originOf is whom an address reaches: its scheme, host and port.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// errTokenElsewhere keeps who may change an address from reading the token there.
var errTokenElsewhere = errs.New(errs.Invalid, "event_token_elsewhere", "The token was given for another host, scheme or port. Enter it again, or remove it, to send events to this address.")

// sealed is the row that says what n does, which changes was when that is not nil.
func (s *Service) sealed(n *NewHook, was *hookRow) (row hookRow, err error) {
	if err := n.clean(); err != nil {
		return row, err
	}
	now := time.Now().UnixMilli()
	row = hookRow{Name: n.Name, URL: n.URL, Authorities: n.Authorities, Insecure: n.Insecure, CreatedAt: now, ChangedAt: now}
	if was != nil {
		row.CreatedAt, row.Token = was.CreatedAt, was.Token
		row.ChangedAt = max(now, was.ChangedAt+1) // tells clients apart
		if n.Token == nil && len(was.Token) > 0 && originOf(n.URL) != originOf(was.URL) {
			return row, errTokenElsewhere
		}
	}
	if n.Token != nil {
		row.Token = nil
		if *n.Token != "" {
			row.Token, err = s.sealer.Seal(tokenPurpose(n.Name), []byte(*n.Token))
		}
	}
	return row, err
}

// AddHook makes a webhook.
func (s *Service) AddHook(ctx context.Context, n NewHook) error {
	if !s.Available() {
		return ErrUnavailable
	}
	row, err := s.sealed(&n, nil)
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error {
		var n int64
		if err := tx.Model(&hookRow{}).Where("name = ?", row.Name).Count(&n).Error; err != nil {
			return err
		}
		if n > 0 {
			return errs.New(errs.Conflict, "event_target_exists", "There is a target of this name already. Give this one another name.")
		}
		return tx.Create(&row).Error
	})
}

// ChangeHook changes all of a webhook but its name. What waits for it goes to the new address.
func (s *Service) ChangeHook(ctx context.Context, name string, n NewHook) error {
	if !s.Available() {
		return ErrUnavailable
	}
	n.Name = name
	was, err := s.hooks.row(ctx, name)
	if err != nil {
		return err
	}
	row, err := s.sealed(&n, &was)
	if err != nil {
		return err
	}
	err = s.db.Write(ctx, func(tx *gorm.DB) error { return tx.Save(&row).Error })
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range s.queues {
		if q.Target.Kind == Webhook && q.Target.Name == name {
			q.mu.Lock()
			q.hurry = true
			q.mu.Unlock()
			q.ring()
		}
	}
	return nil
}

// RemoveHook forgets a webhook that no rule names and nothing waits for.
func (s *Service) RemoveHook(ctx context.Context, name string) error {
	if !s.Available() {
		return ErrUnavailable
	}
	if _, err := s.hooks.row(ctx, name); err != nil {
		return err
	}
	users, err := s.usersOf(ctx, Target{Kind: Webhook, Name: name})
	if err != nil {
		return err
	}
	if len(users) > 0 {
		return errs.Newf(errs.Conflict, "event_target_in_use",
			"Rules of these buckets name the target, or events of theirs wait for it: %s. Remove the rules on the buckets' pages, and deliver or discard the events first.", strings.Join(users, ", "))
	}
	return s.db.Write(ctx, func(tx *gorm.DB) error { return tx.Where("name = ?", name).Delete(&hookRow{}).Error })
}

// usersOf are the buckets that send to a target or have events that wait for it.
func (s *Service) usersOf(ctx context.Context, t Target) (users []string, err error) {
	buckets, err := s.store.ListBuckets(ctx)
	if err != nil {
		return nil, err
	}
	for _, b := range buckets {
		if slices.Contains(s.announcer.rules(b.Name, b.Documents[Document]).targets(), t) {
			users = append(users, b.Name)
		}
	}
	queues, err := s.waitingQueues(ctx)
	for _, q := range queues {
		if q.Target == t && !slices.Contains(users, q.Bucket) {
			users = append(users, q.Bucket)
		}
	}
	return users, err
}

// TestHook sends a test event to a webhook as it is given, or as it is kept where name
// names one and the token is nil, and returns what it says.
func (s *Service) TestHook(ctx context.Context, n NewHook) (Answer, error) {
	if !s.Available() {
		return Answer{}, ErrUnavailable
	}
	was, err := s.hooks.row(ctx, n.Name)
	if err != nil && !errors.Is(err, ErrTargetNotFound) {
		return Answer{}, err
	}
	row, err := s.sealed(&n, &was)
	if err != nil {
		return Answer{}, err
	}
	c, err := s.hooks.newClient(row)
	if err != nil {
		return Answer{}, err
	}
	defer c.http.CloseIdleConnections()
	e := newTest("test")
	ctx, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	answer, err := c.post(ctx, &e)
	if err != nil {
		err = unreachable(row.URL, err)
	}
	return answer, err
}

// newClient makes what sends to a webhook.
func (h *hooks) newClient(row hookRow) (*hookClient, error) {
	c := &hookClient{row: row}
	if len(row.Token) > 0 {
		token, err := h.service.sealer.Open(tokenPurpose(row.Name), row.Token)
		if err != nil {
			return nil, errs.Wrap(err, errs.Unavailable, "event_target_sealed", "The target's token cannot be opened with the keys of this Croft. Enter it again.")
		}
		c.token = string(token)
		if !strings.Contains(c.token, " ") {
			c.token = "Bearer " + c.token
		}
	}
	trusted, err := roots(row.Authorities)
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{
		Transport: &http.Transport{
			Proxy:               http.ProxyFromEnvironment,
			DialContext:         (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: trusted, InsecureSkipVerify: row.Insecure}, //nolint:gosec // an administrator says so, warned
			TLSHandshakeTimeout: 10 * time.Second,
			MaxIdleConnsPerHost: atOnce,
			IdleConnTimeout:     time.Minute,
		},
		// Whoever is sent elsewhere was given the wrong address; the token stays here.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// client returns what sends to a webhook as it is now.
func (h *hooks) client(ctx context.Context, name string) (*hookClient, error) {
	row, err := h.row(ctx, name)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.clients[name]; c != nil && c.row.ChangedAt == row.ChangedAt && c.row.CreatedAt == row.CreatedAt {
		return c, nil
	}
	c, err := h.newClient(row)
	if err != nil {
		return nil, err
	}
	if h.clients == nil {
		h.clients = map[string]*hookClient{}
	}
	if old := h.clients[name]; old != nil {
		old.http.CloseIdleConnections()
	}
	h.clients[name] = c
	return c, nil
}

// deliver posts an event. Any answer of 2xx is that it was taken.
func (h *hooks) deliver(ctx context.Context, name string, e *Event) error {
	c, err := h.client(ctx, name)
	if err != nil {
		return err
	}
	answer, err := c.post(ctx, e)
	if err != nil {
		return unreachable("The webhook "+name, err)
	}
	if answer.Status/100 == 2 {
		return nil
	}
	// Neither the address nor what was answered is for everybody who may see the bucket.
	text := strings.TrimSpace(fmt.Sprintf("The webhook %s answered %d %s", name, answer.Status, http.StatusText(answer.Status))) + "."
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return errs.New(errs.Unavailable, "event_target_failing", text)
	}
	if answer.Status/100 == 4 {
		return errs.Wrap(errRefused, errs.Unavailable, "event_refused", text)
	}
	return errs.New(errs.Unavailable, "event_target_failing", text)
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 2000

func (c *hookClient) post(ctx context.Context, e *Event) (Answer, error) {
	body, err := e.JSON()
	if err != nil {
		return Answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.row.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Croft")
	if c.token != "" {
		r.Header.Set("Authorization", c.token)
	}
	began := time.Now()
	response, err := c.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // the status is what counts
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
	return Answer{Status: response.StatusCode, Body: strings.ToValidUTF8(string(text), "�"), Took: time.Since(began)}, nil
}

// unreachable says why a target could not be asked.
func unreachable(at string, err error) error {
	why := err.Error()
	var inner *url.Error
	if errors.As(err, &inner) {
		why = inner.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		why = "it did not answer in time"
	}
	var dial *net.OpError
	if errors.As(err, &dial) && dial.Err != nil {
		why = dial.Err.Error() // without the address
	}
	return errs.Wrap(err, errs.Unavailable, "event_target_unreachable", fmt.Sprintf("%s cannot be reached: %s.", at, cmp.Or(why, "no reason is known")))
}
