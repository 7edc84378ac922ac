package server

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"croft/account"
	"croft/objectstore/notification"
)

// Notification tells others what happens in buckets.
type Notification interface {
	Available() bool
	Get(ctx context.Context, bucket string) (notification.Rules, error)
	Change(ctx context.Context, bucket string, change func(notification.Rules) (notification.Rules, error)) error
	Offer(ctx context.Context, bucket string) ([]notification.Target, error)
	Statuses(ctx context.Context, bucket string) ([]notification.Status, error)
	Retry(ctx context.Context, bucket, arn string) error
	Discard(ctx context.Context, bucket, arn string) (int, error)
	Queues(ctx context.Context) ([]notification.Status, error)
	RetryQueue(ctx context.Context, queue string) error
	DiscardQueue(ctx context.Context, queue string) (int, error)

	Hooks(ctx context.Context) ([]notification.Hook, error)
	AddHook(ctx context.Context, n notification.NewHook) error
	ChangeHook(ctx context.Context, name string, n notification.NewHook) error
	RemoveHook(ctx context.Context, name string) error
	TestHook(ctx context.Context, n notification.NewHook) (notification.Answer, error)
}

// BucketEvents are a bucket's event rules and how their targets are.
type BucketEvents struct {
	Available bool           `json:"available" doc:"Whether buckets of this store can have rules"`
	Rules     []EventRule    `json:"rules"`
	Targets   []EventTarget  `json:"targets" doc:"How the targets are that rules name or something waits for"`
	Offered   []OfferedEvent `json:"offered" doc:"What rules of this bucket may name"`
}

// EventRule says which events of which keys go to a target.
type EventRule struct {
	ID     string   `json:"id" maxLength:"255" doc:"One of the bucket's rules; a new rule without one gets one"`
	Target string   `json:"target" maxLength:"400" doc:"The target's ARN"`
	Events []string `json:"events" minItems:"1" maxItems:"50" doc:"As S3 calls them: s3:ObjectCreated:*"`
	Prefix string   `json:"prefix" maxLength:"1024" doc:"Only keys that begin with it"`
	Suffix string   `json:"suffix" maxLength:"1024" doc:"Only keys that end with it"`
}

// EventTarget is how a target of a bucket is. Counts are since the start.
type EventTarget struct {
	Queue         string     `json:"queue" doc:"Names what waits; a bucket that was made anew has others"`
	Bucket        string     `json:"bucket"`
	Gone          bool       `json:"gone" doc:"The bucket was deleted; there may be a new one of that name"`
	Target        string     `json:"target" doc:"Its ARN"`
	Ruled         bool       `json:"ruled" doc:"Whether a rule names it; not said in the list of all queues"`
	Waiting       int        `json:"waiting" doc:"Events that it has not taken yet"`
	More          bool       `json:"more" doc:"That many wait, and more"`
	Oldest        *time.Time `json:"oldest,omitempty" doc:"When the oldest of them happened"`
	Unreadable    int        `json:"unreadable" doc:"Events that were put aside because they cannot be read"`
	Busy          bool       `json:"busy" doc:"The target is well and takes no more at once"`
	Delivered     int64      `json:"delivered"`
	LastDelivered *time.Time `json:"lastDelivered,omitempty"`
	Failures      int64      `json:"failures" doc:"Tries that failed"`
	Problem       string     `json:"problem,omitempty" doc:"The last failure that is not over, in words"`
	ProblemCode   string     `json:"problemCode,omitempty" doc:"Of that failure, as of a refusal; missing of one that has none"`
	ProblemKey    string     `json:"problemKey,omitempty" doc:"The object whose event was refused; missing when the target is not well"`
	NextTry       *time.Time `json:"nextTry,omitempty" doc:"Until then the target is left alone"`
}

// OfferedEvent is a target that a bucket's rules may name.
type OfferedEvent struct {
	Target string `json:"target" doc:"Its ARN"`
	Kind   string `json:"kind" enum:"webhook,pipeline,room"`
	Name   string `json:"name" doc:"The webhook's or the repository's; empty for the room"`
}

// EventWebhook is where events are posted to.
type EventWebhook struct {
	Name        string    `json:"name"`
	Target      string    `json:"target" doc:"Its ARN"`
	URL         string    `json:"url"`
	Authorities string    `json:"authorities" doc:"Certificates in PEM that are trusted besides the system's"`
	Insecure    bool      `json:"insecure" doc:"Whoever answers is believed to be the target"`
	HasToken    bool      `json:"hasToken"`
	CreatedAt   time.Time `json:"createdAt"`
}

// NewEventWebhook is a webhook to add, to change, or to try.
type NewEventWebhook struct {
	Name        string  `json:"name" maxLength:"64" doc:"Letters, digits, hyphens and underscores; not changed"`
	URL         string  `json:"url" maxLength:"2000"`
	Token       *string `json:"token,omitempty" maxLength:"4000" doc:"Sent as a bearer token, or as it is when it has a space; the one there is when missing"`
	Authorities string  `json:"authorities,omitempty" maxLength:"100000" doc:"Certificates in PEM that are trusted besides the system's"`
	Insecure    bool    `json:"insecure,omitempty" doc:"Believe whoever answers to be the target"`
}

// EventAnswer is what a webhook said to a test event.
type EventAnswer struct {
	Status       int    `json:"status"`
	Taken        bool   `json:"taken" doc:"Whether that counts as delivered"`
	Body         string `json:"body" doc:"The beginning of it"`
	Milliseconds int64  `json:"milliseconds"`
}

// DiscardedEvents is how many events were given up.
type DiscardedEvents struct {
	Events int `json:"events"`
}

type (
	addEventRuleInput struct {
		InBucket
		Body EventRule
	}
	changeEventRuleInput struct {
		InBucket
		Rule string `query:"rule" required:"true" doc:"The ID of the rule to replace"`
		Body EventRule
	}
	oneEventRuleInput struct {
		InBucket
		Rule string `query:"rule" required:"true" doc:"The ID of the rule"`
	}
	eventTargetInput struct {
		InBucket
		Target string `query:"target" required:"true" doc:"The target's ARN"`
	}
	eventQueueInput struct {
		Queue string `query:"queue" required:"true" maxLength:"1000" doc:"As the list of queues names it"`
	}
	webhookInput struct {
		Body NewEventWebhook
	}
	inWebhook struct {
		Name string `path:"webhook" doc:"The webhook's name"`
	}
	changeWebhookInput struct {
		Name string `path:"webhook"`
		Body NewEventWebhook
	}
)

func (s *Server) notificationRoutes() {
	rule := Need(account.BucketWrite, s.bucket())
	const path = "/buckets/{bucket}/events"
	route(s, op("get-events", http.MethodGet, path, "A bucket's event rules, and how their targets are", "events"), Need(account.BucketRead, s.bucket()), s.getEvents)
	route(s, status(op("add-event-rule", http.MethodPost, path, "Add an event rule", "events"), http.StatusCreated), rule, s.addEventRule)
	route(s, op("replace-event-rule", http.MethodPut, path, "Change an event rule; the others stay", "events"), rule, s.replaceEventRule)
	route(s, status(op("remove-event-rule", http.MethodDelete, path, "Remove an event rule; what waits is still delivered", "events"), http.StatusNoContent), rule, s.removeEventRule)
	route(s, status(op("retry-events", http.MethodPost, path+"/retry", "Try a target now", "events"), http.StatusNoContent),
		rule.Unaudited("it changes nothing"), s.retryEvents)
	route(s, op("discard-events", http.MethodDelete, path+"/waiting", "Give up what waits for a target", "events"), rule, s.discardEvents)

	admin := Need(account.InstanceAdmin, instanceScope)
	const queues = "/event-queues"
	route(s, op("list-event-queues", http.MethodGet, queues, "What waits for targets, of all buckets, also of those that are gone", "events"), admin, s.listEventQueues)
	route(s, status(op("retry-event-queue", http.MethodPost, queues+"/retry", "Try a queue's target now", "events"), http.StatusNoContent),
		admin.Unaudited("it changes nothing"), s.retryEventQueue)
	route(s, op("discard-event-queue", http.MethodDelete, queues, "Give up what waits in a queue", "events"), admin, s.discardEventQueue)

	const hooks = "/event-webhooks"
	route(s, op("list-event-webhooks", http.MethodGet, hooks, "Where events can be posted to", "events"), admin, s.listWebhooks)
	route(s, status(op("add-event-webhook", http.MethodPost, hooks, "Add a webhook for events", "events"), http.StatusCreated), admin, s.addWebhook)
	route(s, op("test-event-webhook", http.MethodPost, hooks+"/test", "Send a webhook a test event", "events"), admin.Unaudited("it changes nothing"), s.testWebhook)
	route(s, op("change-event-webhook", http.MethodPut, hooks+"/{webhook}", "Change a webhook", "events"), admin, s.changeWebhook)
	route(s, status(op("remove-event-webhook", http.MethodDelete, hooks+"/{webhook}", "Forget a webhook that nothing goes to", "events"), http.StatusNoContent), admin, s.removeWebhook)
}

func (s *Server) getEvents(ctx context.Context, in *InBucket) (*body[BucketEvents], error) {
	room := s.deps.Notification
	out := BucketEvents{Available: room.Available(), Rules: []EventRule{}, Targets: []EventTarget{}, Offered: []OfferedEvent{}}
	if !out.Available {
		return &body[BucketEvents]{out}, nil
	}
	rules, err := room.Get(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	statuses, err := room.Statuses(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	offered, err := room.Offer(ctx, in.Bucket)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		t := r.Target()
		out.Rules = append(out.Rules, EventRule{ID: r.ID, Target: t.ARN(), Events: r.Events, Prefix: r.Prefix, Suffix: r.Suffix})
	}
	for _, st := range statuses {
		out.Targets = append(out.Targets, wireEventTarget(st))
	}
	for _, t := range offered {
		out.Offered = append(out.Offered, OfferedEvent{t.ARN(), string(t.Kind), t.Name})
	}
	return &body[BucketEvents]{out}, nil
}

func wireEventTarget(st notification.Status) EventTarget {
	return EventTarget{
		Queue: st.Queue, Bucket: st.Bucket, Gone: st.Gone, Target: st.Target.ARN(), Ruled: st.Ruled,
		Waiting: st.Waiting, More: st.More, Oldest: optional(st.Oldest), Unreadable: st.Unreadable, Busy: st.Busy, Delivered: st.Delivered,
		LastDelivered: optional(st.LastDelivered), Failures: st.Failures, Problem: st.Problem.Message, ProblemCode: st.Problem.Code, ProblemKey: st.ProblemKey, NextTry: optional(st.NextTry),
	}
}

func (s *Server) addEventRule(ctx context.Context, in *addEventRuleInput) (*body[BucketEvents], error) {
	return s.changeEvents(ctx, &in.InBucket, "add "+in.Body.ID+" to "+in.Body.Target, func(now notification.Rules) (notification.Rules, error) {
		return append(now, in.Body.toApp()), nil
	})
}

func (s *Server) replaceEventRule(ctx context.Context, in *changeEventRuleInput) (*body[BucketEvents], error) {
	return s.changeEvents(ctx, &in.InBucket, "change "+in.Rule+" to "+in.Body.Target, func(now notification.Rules) (notification.Rules, error) {
		i, err := eventRuleAt(now, in.Rule)
		if err == nil {
			is := in.Body.toApp()
			is.Sort = now[i].Sort
			now[i] = is
		}
		return now, err
	})
}

func (s *Server) removeEventRule(ctx context.Context, in *oneEventRuleInput) (*struct{}, error) {
	_, err := s.changeEvents(ctx, &in.InBucket, "remove "+in.Rule, func(now notification.Rules) (notification.Rules, error) {
		i, err := eventRuleAt(now, in.Rule)
		if err != nil {
			return nil, err
		}
		return append(now[:i], now[i+1:]...), nil
	})
	return nil, err
}

func eventRuleAt(rules notification.Rules, id string) (int, error) {
	for i := range rules {
		if rules[i].ID == id {
			return i, nil
		}
	}
	return 0, notification.ErrRuleNotFound
}

func (s *Server) changeEvents(ctx context.Context, in *InBucket, what string, change func(notification.Rules) (notification.Rules, error)) (*body[BucketEvents], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, what
	if err := s.deps.Notification.Change(ctx, in.Bucket, change); err != nil {
		return nil, err
	}
	return s.getEvents(ctx, in)
}

func (s *Server) retryEvents(ctx context.Context, in *eventTargetInput) (*struct{}, error) {
	return nil, s.deps.Notification.Retry(ctx, in.Bucket, in.Target)
}

func (s *Server) discardEvents(ctx context.Context, in *eventTargetInput) (*body[DiscardedEvents], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Bucket, in.Target
	n, err := s.deps.Notification.Discard(ctx, in.Bucket, in.Target)
	return discarded(ctx, n, err)
}

func (s *Server) listEventQueues(ctx context.Context, _ *struct{}) (*body[List[EventTarget]], error) {
	all, err := s.deps.Notification.Queues(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(all, "", wireEventTarget), nil
}

func (s *Server) retryEventQueue(ctx context.Context, in *eventQueueInput) (*struct{}, error) {
	return nil, s.deps.Notification.RetryQueue(ctx, in.Queue)
}

func (s *Server) discardEventQueue(ctx context.Context, in *eventQueueInput) (*body[DiscardedEvents], error) {
	auditing(ctx).Target = in.Queue
	n, err := s.deps.Notification.DiscardQueue(ctx, in.Queue)
	return discarded(ctx, n, err)
}

// discarded answers and audits how many events are gone, also of those before a failure.
func discarded(ctx context.Context, n int, err error) (*body[DiscardedEvents], error) {
	a := auditing(ctx)
	a.Detail = strings.TrimSpace(a.Detail + " " + describeEvents(n))
	if err != nil {
		return nil, err
	}
	return &body[DiscardedEvents]{DiscardedEvents{n}}, nil
}

func describeEvents(n int) string {
	if n == 1 {
		return "1 event"
	}
	return strconv.Itoa(n) + " events"
}

func (s *Server) listWebhooks(ctx context.Context, _ *struct{}) (*body[List[EventWebhook]], error) {
	all, err := s.deps.Notification.Hooks(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(all, "", wireWebhook), nil
}

func (s *Server) addWebhook(ctx context.Context, in *webhookInput) (*body[List[EventWebhook]], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Body.Name, hostOf(in.Body.URL)
	if err := s.deps.Notification.AddHook(ctx, in.Body.toApp()); err != nil {
		return nil, err
	}
	return s.listWebhooks(ctx, nil)
}

func (s *Server) testWebhook(ctx context.Context, in *webhookInput) (*body[EventAnswer], error) {
	a, err := s.deps.Notification.TestHook(ctx, in.Body.toApp())
	if err != nil {
		return nil, err
	}
	return &body[EventAnswer]{EventAnswer{a.Status, a.Status/100 == 2, a.Body, a.Took.Milliseconds()}}, nil
}

func (s *Server) changeWebhook(ctx context.Context, in *changeWebhookInput) (*body[List[EventWebhook]], error) {
	auditing(ctx).Target, auditing(ctx).Detail = in.Name, hostOf(in.Body.URL)
	if err := s.deps.Notification.ChangeHook(ctx, in.Name, in.Body.toApp()); err != nil {
		return nil, err
	}
	return s.listWebhooks(ctx, nil)
}

// hostOf is as much of an address as the audit log needs: what follows is often a secret.
func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}

func (s *Server) removeWebhook(ctx context.Context, in *inWebhook) (*struct{}, error) {
	auditing(ctx).Target = in.Name
	return nil, s.deps.Notification.RemoveHook(ctx, in.Name)
}

func (r EventRule) toApp() notification.Rule {
	return notification.Rule{ID: strings.TrimSpace(r.ID), ARN: strings.TrimSpace(r.Target), Events: r.Events, Prefix: r.Prefix, Suffix: r.Suffix}
}

func (n NewEventWebhook) toApp() notification.NewHook {
	return notification.NewHook{
		Hook:  notification.Hook{Name: n.Name, URL: n.URL, Authorities: n.Authorities, Insecure: n.Insecure},
		Token: n.Token,
	}
}

func wireWebhook(h notification.Hook) EventWebhook {
	return EventWebhook{
		Name: h.Name, Target: notification.Target{Kind: notification.Webhook, Name: h.Name}.ARN(), URL: h.URL,
		Authorities: h.Authorities, Insecure: h.Insecure, HasToken: h.HasToken, CreatedAt: h.CreatedAt,
	}
}
