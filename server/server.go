package server

import (
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"croft/account"
	"croft/internal/patience"
	"croft/objectstore"
	"croft/objectstore/grants"
)

// Config is what the console is told about its surroundings.
type Config struct {
	Version string // of the program
	Name    string // of this instance, shown in the title bar

	// S3URL is the S3 listener's address for clients ("https://s3.example.com").
	// When it is empty the answer is the host the browser used, with S3Port.
	S3URL  string
	S3Port string

	// Idle is how long a client may stand still inside a request; 0 is patience.Default.
	Idle time.Duration
}

// Deps are the rooms behind the console. New calls none of them, so that the API
// can be described without any.
type Deps struct {
	Accounts    *account.Service
	Requests    RequestLog
	Store       objectstore.Store
	Drives      objectstore.DriveReporter  // nil where the store is elsewhere
	Target      objectstore.TargetReporter // nil where the store is on drives
	MasterKeys  MasterKeys                 // nil where nothing can be encrypted
	Presigner   Presigner
	Projects    ProjectRemover
	Replication Replication
	Lifecycle   Lifecycle
	Inventory   Inventory
	Tiers       Tiers
	Policies    Policies         // nil where nobody asks the policies of buckets
	Directory   grants.Directory // nil takes names in policies as they are
	Simulator   Simulator        // nil where nobody can say beforehand who may do what

	IdentityProviders IdentityProviders // nil where they are not asked who they are

	Web        Web
	Containers Containers
	Pipelines  Pipelines
	Chat       Chat
	Socket     ChatSocket
	UI         fs.FS // the built UI, index.html at its root; nil without one
	Log        *slog.Logger

	Notification Notification
	Usage        Usage
}

// Server answers the console's requests. Make it with New.
type Server struct {
	config Config
	deps   Deps
	log    *slog.Logger

	engine *gin.Engine
	api    huma.API
	list   []Route
	ui     *uiFiles

	origins *http.CrossOriginProtection

	zips       zips
	sharedZips sharedZips

	beatEvery time.Duration // see heartbeat
	stop      chan struct{} // closed when streams must end
	stopped   sync.Once
}

var _ http.Handler = (*Server)(nil)

// New declares every route. It does no I/O and starts nothing.
func New(deps Deps, config Config) *Server {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if config.Idle == 0 {
		config.Idle = patience.Default
	}
	s := &Server{config: config, deps: deps, log: deps.Log, ui: newUI(deps.UI), origins: http.NewCrossOriginProtection(), beatEvery: heartbeat, zips: zips{chosen: make(map[string]zipChoice)}, stop: make(chan struct{})}
	s.engine = newEngine()
	s.api = newAPI(s.engine, config.Version)
	s.register()
	s.engine.NoRoute(s.noRoute)
	s.engine.NoMethod(s.noMethod)
	return s
}

// register lists the domains' routes, one function a domain.
func (s *Server) register() {
	s.openAPIRoutes()
	s.healthRoutes()
	s.instanceRoutes()
	s.sessionRoutes()
	s.meRoutes()
	s.credentialRoutes()
	s.userRoutes()
	s.identityRoutes()
	s.projectRoutes()
	s.memberRoutes()
	s.auditRoutes()
	s.requestLogRoutes()
	s.bucketRoutes()
	s.objectRoutes()
	s.policyLanguageRoutes()
	s.simulateRoutes()
	s.replicationRoutes()
	s.lifecycleRoutes()
	s.inventoryRoutes()
	s.notificationRoutes()
	s.usageRoutes()
	s.tierRoutes()
	s.pipelineRoutes()
	s.chatRoutes()
}

// CloseStreams ends every event stream. Call it before shutting the listener
// down, which otherwise waits for them. It may be called more than once.
func (s *Server) CloseStreams() { s.stopped.Do(func() { close(s.stop) }) }

// Closing is closed when streams and sockets must end.
func (s *Server) Closing() <-chan struct{} { return s.stop }

func newEngine() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	// A path means what it says: nothing is cleaned, merged or redirected, and an
	// escaped slash stays inside its segment.
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.RemoveExtraSlash = false
	e.UseRawPath = true
	e.UnescapePathValues = true
	e.HandleMethodNotAllowed = true
	e.ForwardedByClientIP = false
	return e
}
