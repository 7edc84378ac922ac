package server

import (
	"context"
	"net/http"
	"time"

	"croft/account"
	"croft/objectstore/remote"
	"croft/objectstore/tiering"
)

// Tiers are buckets of other S3 clusters that keep bodies of old objects.
type Tiers interface {
	Names() []string
	Statuses(ctx context.Context) ([]tiering.Status, error)
	Test(ctx context.Context, n tiering.NewTier) error
	Add(ctx context.Context, n tiering.NewTier) (tiering.Tier, error)
	Update(ctx context.Context, name string, a tiering.Access) (tiering.Tier, error)
	Remove(ctx context.Context, name string) error
}

// Tier is where bodies of old objects are kept, and how that is.
type Tier struct {
	Name      string     `json:"name" doc:"Also the storage class of what is there"`
	Endpoint  string     `json:"endpoint" doc:"Empty, as the following 4, when the tier is missing"`
	Region    string     `json:"region"`
	Bucket    string     `json:"bucket"`
	Prefix    string     `json:"prefix"`
	AccessKey string     `json:"accessKey"`
	CreatedAt *time.Time `json:"createdAt,omitempty"`

	State       string     `json:"state" enum:"unknown,reachable,failing,missing" doc:"missing: objects are there, but the tier is not known any more"`
	Problem     string     `json:"problem,omitempty" doc:"Why it cannot be used now, in words"`
	ProblemCode string     `json:"problemCode,omitempty" doc:"Of that failure, as of a refusal; missing of one that has none"`
	CheckedAt   *time.Time `json:"checkedAt,omitempty"`

	Bodies   int64 `json:"bodies" doc:"What the store keeps there; an object that was uploaded in parts has several"`
	Bytes    int64 `json:"bytes"`
	Removing int64 `json:"removing" doc:"Bodies that are to be removed there"`
}

// NewTier is a tier to add.
type NewTier struct {
	Name        string `json:"name" maxLength:"32" doc:"Upper-case letters, digits, hyphens and underscores"`
	Endpoint    string `json:"endpoint" maxLength:"300" doc:"HOST or HOST:PORT, through TLS unless it begins with http://"`
	Region      string `json:"region,omitempty" maxLength:"100"`
	Style       string `json:"style,omitempty" enum:"path,virtual" doc:"How the target's bucket is named in requests; chosen by the endpoint when missing"`
	Authorities string `json:"authorities,omitempty" maxLength:"100000" doc:"Certificates in PEM that are trusted besides the system's"`
	Bucket      string `json:"bucket" maxLength:"63"`
	Prefix      string `json:"prefix,omitempty" maxLength:"512" doc:"A folder of the bucket that is this tier's alone"`
	AccessKey   string `json:"accessKey" maxLength:"200"`
	SecretKey   string `json:"secretKey" maxLength:"200"`
}

// ChangeTier is what can be changed about a tier.
type ChangeTier struct {
	AccessKey   string  `json:"accessKey" maxLength:"200"`
	SecretKey   string  `json:"secretKey" maxLength:"200"`
	Authorities *string `json:"authorities,omitempty" maxLength:"100000" doc:"As they were when missing"`
}

type (
	addTierInput struct {
		Body NewTier
	}
	inTier struct {
		Tier string `path:"tier" doc:"The tier's name"`
	}
	changeTierInput struct {
		Tier string `path:"tier"`
		Body ChangeTier
	}
)

func (s *Server) tierRoutes() {
	admin := Need(account.InstanceAdmin, instanceScope)
	const path = "/tiers"
	route(s, op("list-tiers", http.MethodGet, path, "Tiers, what is there and whether they can be reached", "operations"), admin, s.listTiers)
	route(s, op("list-tier-names", http.MethodGet, "/tier-names", "What rules of a bucket may move objects to", "buckets"), SignedIn(), s.listTierNames)
	route(s, status(op("add-tier", http.MethodPost, path, "Keep bodies of old objects in a bucket of another S3 cluster", "operations"), http.StatusCreated), admin, s.addTier)
	route(s, status(op("test-tier", http.MethodPost, path+"/test", "Reach for the bucket of a new tier", "operations"), http.StatusNoContent),
		admin.Unaudited("it changes nothing"), s.testTier)
	route(s, status(op("change-tier", http.MethodPatch, path+"/{tier}", "Use other keys at a tier", "operations"), http.StatusNoContent), admin, s.changeTier)
	route(s, status(op("remove-tier", http.MethodDelete, path+"/{tier}", "Forget a tier that keeps nothing", "operations"), http.StatusNoContent), admin, s.removeTier)
}

func (s *Server) listTiers(ctx context.Context, _ *struct{}) (*body[List[Tier]], error) {
	all, err := s.deps.Tiers.Statuses(ctx)
	if err != nil {
		return nil, err
	}
	return listOf(all, "", wireTier), nil
}

func (s *Server) listTierNames(context.Context, *struct{}) (*body[List[string]], error) {
	return listOf(s.deps.Tiers.Names(), "", func(name string) string { return name }), nil
}

func (s *Server) addTier(ctx context.Context, in *addTierInput) (*body[List[Tier]], error) {
	auditing(ctx).Target = in.Body.Name
	made, err := s.deps.Tiers.Add(ctx, in.Body.toApp())
	if err != nil {
		return nil, err
	}
	auditing(ctx).Target = made.Name
	auditing(ctx).Detail = made.Endpoint + "/" + made.Bucket + "/" + made.Prefix + " as " + made.AccessKey
	return s.listTiers(ctx, nil)
}

func (s *Server) testTier(ctx context.Context, in *addTierInput) (*struct{}, error) {
	return nil, s.deps.Tiers.Test(ctx, in.Body.toApp())
}

func (s *Server) changeTier(ctx context.Context, in *changeTierInput) (*struct{}, error) {
	auditing(ctx).Target = in.Tier
	is, err := s.deps.Tiers.Update(ctx, in.Tier, tiering.Access{
		AccessKey: in.Body.AccessKey, SecretKey: remote.Secret(in.Body.SecretKey), Authorities: in.Body.Authorities,
	})
	if err == nil {
		auditing(ctx).Detail = "as " + is.AccessKey
	}
	return nil, err
}

func (s *Server) removeTier(ctx context.Context, in *inTier) (*struct{}, error) {
	auditing(ctx).Target = in.Tier
	return nil, s.deps.Tiers.Remove(ctx, in.Tier)
}

func (n NewTier) toApp() tiering.NewTier {
	return tiering.NewTier{
		Tier: tiering.Tier{
			Name: n.Name, Endpoint: n.Endpoint, Region: n.Region, Style: remote.Style(n.Style), Authorities: n.Authorities,
			Bucket: n.Bucket, Prefix: n.Prefix, AccessKey: n.AccessKey,
		},
		SecretKey: remote.Secret(n.SecretKey),
	}
}

func wireTier(st tiering.Status) Tier {
	return Tier{
		Name: st.Name, Endpoint: st.Endpoint, Region: st.Region, Bucket: st.Bucket, Prefix: st.Prefix, AccessKey: st.AccessKey, CreatedAt: optional(st.CreatedAt),
		State: string(st.State), Problem: st.Problem.Message, ProblemCode: st.Problem.Code, CheckedAt: optional(st.CheckedAt),
		Bodies: st.Usage.Bodies, Bytes: st.Usage.Bytes, Removing: st.Usage.Removing,
	}
}
