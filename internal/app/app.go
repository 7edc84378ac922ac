package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"croft/account"
	"croft/account/oidc"
	"croft/chat"
	"croft/chat/ws"
	"croft/internal/errs"
	"croft/internal/events"
	"croft/internal/forwarded"
	"croft/internal/seal"
	"croft/internal/store"
	"croft/migrations"
	"croft/objectstore"
	"croft/objectstore/accesslog"
	"croft/objectstore/adminapi"
	"croft/objectstore/erasure"
	"croft/objectstore/grants"
	"croft/objectstore/masterkey"
	"croft/objectstore/notification"
	"croft/objectstore/pools"
	"croft/objectstore/s3api"
	"croft/pipeline"
	"croft/pipeline/docker"
	"croft/pipeline/git"
	"croft/server"
	"croft/ui"
)

// Config is what main read from the command line and the environment.
type Config struct {
	Version        string
	Address        string         // of the S3 listener
	ConsoleAddress string         // of the console
	TrustedProxies []netip.Prefix // whose word is taken for who asks
	Parity         int            // -1: the default for the number of drives
	ReducedParity  *int           // of large objects of reduced redundancy; nil: 1
	StateDir       string         // empty: .croft on the first drive
	Pools          [][]string     // of drives, one folder each; none with a Store
	Store          StoreConfig
	RootUser       string // empty: the set-up link makes the first account
	RootPassword   string
	MasterKeys     string // of encrypted objects; empty: one is made when it is needed
	KeyCommand     string // that encrypts and decrypts the master key; empty without
	S3             S3Config
	OpenBrowser    bool
	Logger         *slog.Logger
	Out            io.Writer // what a person should see: addresses and the set-up link
}

// S3Config is how S3 is spoken.
type S3Config struct {
	Domains        []string // under which each bucket has a host name of its own
	WebsiteDomains []string // under which each bucket that is a website has one
	SignatureV2    bool     // take signatures of Version 2 as well
	WebDAVPlain    bool     // take keys for WebDAV over connections that are not encrypted from everywhere
}

// App is a Croft that is ready to run.
type App struct {
	config Config
	log    *slog.Logger

	state    *stateFolder
	keys     masterKeys
	quotas   quotas
	tiers    tiers
	store    keeper
	drives   engine // the store where it is on drives of this machine; nil elsewhere
	db       *store.DB
	accounts *account.Service
	requests *accesslog.Log
	console  *server.Server
	pages    *listener
	s3       *listener
	workers  []worker
	admin    *adminapi.Handler
	power    *power

	announcer *notification.Announcer
}

// worker is something that runs from start to stop.
type worker struct {
	name string
	run  func(context.Context) error
}

// New opens drives, state and both addresses and wires the rooms. What it opened
// is closed again when it fails.
func New(ctx context.Context, config Config) (*App, error) {
	a := &App{config: config, log: config.Logger, power: &power{}, announcer: notification.NewAnnouncer()}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) error {
	open := func() error { return a.openDrives(ctx, erasure.Config{}) }
	if a.config.Store.URL != "" {
		open = func() error { return a.openElsewhere(ctx) }
	}
	if err := open(); err != nil {
		return err
	}
	return a.openState(ctx)
}

// openDrives opens the state folder and the drives, each of which says where the
// other may be: the catalogue is with the state, and the state may be on a drive.
func (a *App) openDrives(ctx context.Context, engine erasure.Config) (err error) {
	engine.Parity, engine.Reduced = a.config.Parity, a.config.ReducedParity
	engine.Logger, engine.Keys, engine.Quotas, engine.Tiers = a.log, &a.keys, &a.quotas, &a.tiers
	engine.Announcer = a.announcer
	// The engine builds a catalogue anew that it cannot read, as of a newer Croft, and loses what
	// only that one knew of; so a newer state is refused before.
	if a.config.StateDir != "" {
		if a.state, err = openState(a.config.StateDir); err != nil {
			return err
		}
		if err = store.CheckSchema(a.state.path, migrations.Files); err != nil {
			return err
		}
		if engine.Deployment, err = deploymentOf(a.state.path); err != nil {
			return err
		}
		engine.Catalogue = filepath.Join(a.state.path, "catalogue.db")
	} else if drives := slices.Concat(a.config.Pools...); len(drives) > 0 {
		if err = store.CheckSchema(filepath.Join(drives[0], ".croft"), migrations.Files); err != nil {
			return err
		}
	}
	if a.drives, err = openEngine(ctx, a.config.Pools, engine); err != nil {
		return err
	}
	a.store = a.drives
	if a.state == nil {
		if a.state, err = a.openStateOnDrive(ctx); err != nil {
			return err
		}
	}
	return a.state.belongsTo(a.drives.Deployment())
}

// openState opens what is in the state folder and wires the rooms.
func (a *App) openState(ctx context.Context) (err error) {
	if a.db, err = store.Open(ctx, a.state.path, migrations.Files); err != nil {
		return err
	}
	keys, err := a.state.sub("keys")
	if err != nil {
		return err
	}
	sealer, err := seal.Load(keys)
	if err != nil {
		return err
	}
	ring, err := masterkey.New(masterkey.Config{Folder: keys, Keys: a.config.MasterKeys, Command: a.config.KeyCommand, Logger: a.log})
	if err != nil {
		return err
	}
	a.keys.ring.Store(ring)
	return a.wire(ctx, sealer)
}

// openStateOnDrive finds the state on the first drive. It must not make a new one
// because that drive is away: accounts would seem lost.
func (a *App) openStateOnDrive(ctx context.Context) (*stateFolder, error) {
	health, err := a.drives.Health(ctx)
	if err != nil {
		return nil, err
	}
	first := health.Drives[0]
	if first.State == objectstore.DriveOffline {
		return nil, errs.Newf(errs.Unavailable, "state_offline",
			"The state folder is on the first drive, %s, which is offline: %s Bring the drive back, or name a copy of its folder .croft with --state.", first.Path, first.Message)
	}
	folder := filepath.Join(first.Path, ".croft")
	_, err = os.Stat(filepath.Join(folder, deploymentFile))
	if p, ok := a.drives.(*pools.Store); ok && p.Drained() && errors.Is(err, fs.ErrNotExist) {
		return nil, errs.Newf(errs.Unavailable, "state_offline",
			"A pool was drained, and the state folder was on one of its drives: there is none on %s. Name a copy of that drive's folder .croft with --state; an empty folder starts without accounts.", first.Path)
	}
	// A blank drive in the place of a lost one is filled with objects, not with state.
	if errors.Is(err, fs.ErrNotExist) && first.State == objectstore.DriveHealing {
		return nil, errs.Newf(errs.Unavailable, "state_offline",
			"The state folder was on the first drive, and %s is a new one. Name a copy of the old drive's folder .croft with --state; an empty folder starts without accounts.", first.Path)
	}
	return openState(folder)
}

// wire joins the rooms. It starts nothing.
func (a *App) wire(ctx context.Context, sealer *seal.Sealer) error {
	bus := events.New()
	objects := blobs{a.store}
	people := account.Defaults()
	people.Policies = policies{}
	a.accounts = account.New(a.db, sealer, bus, people)
	a.quotas.accounts.Store(a.accounts)
	rooms := chat.New(a.db, bus, chatBlobs{objects}, chat.Config{Logger: a.log})

	instance, err := a.state.instanceID()
	if err != nil {
		return err
	}
	executor, err := docker.New(docker.Config{Logger: a.log, InstanceID: instance})
	if err != nil {
		return err
	}
	work, err := a.state.sub("work")
	if err != nil {
		return err
	}
	pipelines := pipeline.New(pipeline.Deps{
		DB: a.db, Bus: bus, Source: git.New(git.Config{TempDir: work}), Executor: executor, Blobs: pipelineBlobs{objects},
		Sealer: sealer, Projects: projectNames{a.accounts}, Log: a.log,
	}, pipeline.Config{StateDir: a.state.path})

	logs, err := a.state.sub("logs")
	if err != nil {
		return err
	}
	a.requests = accesslog.New(accesslog.Config{Folder: logs, Logger: a.log})
	rules, ruler := a.openLifecycle()
	copies, copier, err := a.openReplication(ctx, sealer)
	if err != nil {
		return err
	}
	overS3 := s3Replication(copies)
	reports, reporter := a.openInventory(overS3)
	told, teller, err := a.openNotification(ctx, sealer, ownTargets{a.accounts, pipelines, rooms})
	if err != nil {
		return err
	}
	who := access{accounts: a.accounts, buckets: a.store, rules: new(grants.Reader), refusals: newRefusals(time.Now), log: a.log}
	counts, sampler, err := a.openUsage(ctx)
	if err != nil {
		return err
	}
	a.openAdmin(who, bucketCounts{counts})
	vouchers := oidc.New(a.accounts, nil, time.Now)
	s3 := s3api.New(s3api.Config{
		Watcher: onlookers{a.admin, counts}, Guests: []s3api.Guest{adminGuest{a.admin}, newIAM(who, vouchers)},
		Store: a.store, Recorder: requests{a.requests}, Log: a.log, Console: a.consoleURL, UploadMemory: uploadMemory(),
		Domains: a.config.S3.Domains, SiteDomains: a.config.S3.WebsiteDomains, SignatureV2: a.config.S3.SignatureV2,
		Lifecycle: rules, Replication: overS3, Inventory: reports, Notification: told,
		Access: who, Directory: directory{a.accounts},
	})
	tierRoom, err := a.openTiers(ctx, sealer, rules)
	if err != nil {
		return err
	}
	if a.s3, err = listen(ctx, "S3", "--address", a.config.Address, a.withWebDAV(s3, who), a.log); err != nil {
		return err
	}
	hub := ws.New(rooms, bus, server.NewChatPresenter(a.accounts), ws.Config{Logger: a.log})
	a.console = server.New(server.Deps{
		Accounts: a.accounts, Requests: a.requests, Store: a.store, Drives: drivesOf(a.store), Target: targetOf(a.store), Presigner: presigner{},
		MasterKeys: a.keyDesk(), Containers: executor,
		Replication: copies, Policies: denials{who, a.store}, Directory: directory{a.accounts}, Simulator: simulator{who, a.store}, IdentityProviders: vouchers,
		Tiers:     tierRoom,
		Web:       webSettings{domains: a.config.S3.WebsiteDomains, port: a.s3.port()},
		Lifecycle: rules, Inventory: reports, Notification: told, Usage: counts,
		Projects:  remover{accounts: a.accounts, pipelines: pipelines, store: a.store, blobs: objects, rooms: rooms},
		Pipelines: pipelines, Chat: rooms, Socket: sockets{hub}, UI: ui.Dist(), Log: a.log,
	}, server.Config{Version: a.config.Version, Name: "Croft", S3Port: a.s3.port()})
	if a.pages, err = listen(ctx, "console", "--console-address", a.config.ConsoleAddress, forwarded.Handler(notOnSites{a.console, s3.IsSite}, a.config.TrustedProxies), a.log); err != nil {
		return err
	}
	a.workers = []worker{
		{"accounts", a.accounts.Run},
		{"access log", a.requests.Run},
		{"request logs", s3.Run},
		{"object store", a.store.Run},
		{"chat", rooms.Run},
		{"sockets", hub.Run},
		{"access of sockets", accessWatch{bus: bus, sockets: hub}.Run},
		{"project rooms", projectRooms{rooms: rooms, accounts: a.accounts, bus: bus, log: a.log}.Run},
		{"run cards", cards{runs: pipelines, rooms: rooms, accounts: a.accounts, bus: bus, log: a.log}.Run},
		{"pipelines", pipelines.Run},
		copier,
		ruler,
		reporter,
		teller,
		sampler,
		{"tiers", tierRoom.Run},
	}
	return nil
}

// Run serves until ctx ends, then stops in order: listeners and long-lived
// streams, workers, drives and state. It returns the first failure.
func (a *App) Run(ctx context.Context) error {
	ctx = a.power.until(ctx)
	err := a.serve(ctx)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		err = nil // stopped while starting
	}
	return errors.Join(err, a.close())
}

func (a *App) serve(ctx context.Context) error {
	if err := a.prepareAccounts(ctx); err != nil {
		return err
	}
	// A worker or listener that fails ends everything; workers outlive the
	// listeners, so that a request under way finds them.
	all, ctx := errgroup.WithContext(ctx)
	workerCtx, stopWorkers := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorkers()
	for _, w := range a.workers {
		all.Go(func() error {
			if err := w.run(workerCtx); err != nil && workerCtx.Err() == nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			if ctx.Err() == nil {
				return fmt.Errorf("%s ended by itself", w.name)
			}
			return nil
		})
	}
	all.Go(func() error {
		defer stopWorkers()
		listeners, listenCtx := errgroup.WithContext(ctx)
		listeners.Go(func() error { return a.s3.run(listenCtx) })
		listeners.Go(func() error { return a.pages.run(listenCtx) })
		context.AfterFunc(listenCtx, a.console.CloseStreams)
		context.AfterFunc(listenCtx, a.admin.CloseStreams)
		return listeners.Wait()
	})
	a.log.InfoContext(ctx, "serving S3", "address", a.s3.url())
	a.log.InfoContext(ctx, "serving the console", "address", a.pages.url())
	context.AfterFunc(ctx, func() { a.log.Info("stopping") })
	return all.Wait()
}

// prepareAccounts makes the unattended account, or tells where the first one is made.
func (a *App) prepareAccounts(ctx context.Context) error {
	if a.config.RootUser != "" {
		if err := a.accounts.EnsureRoot(ctx, a.config.RootUser, a.config.RootPassword); err != nil {
			return err
		}
	}
	token, err := a.accounts.SetupToken(ctx)
	if err != nil {
		return err
	}
	page := a.pages.url()
	greeting := fmt.Sprintf("Croft %s\n  Console  %s\n  S3       %s\n", a.config.Version, page, a.s3.url())
	if token != "" {
		page += "/setup#token=" + token
		greeting += "\nThere is no account yet. Make the first one here; the link works once:\n  " + page + "\n"
	}
	if _, err := io.WriteString(a.config.Out, greeting); err != nil {
		return fmt.Errorf("print the addresses: %w", err)
	}
	if a.config.OpenBrowser {
		if err := openBrowser(context.WithoutCancel(ctx), page); err != nil {
			a.log.InfoContext(ctx, "the browser did not open", "error", err)
		}
	}
	return nil
}

// close lets go of everything that is open, in the reverse order of opening.
func (a *App) close() error {
	var failures []error
	for _, l := range []*listener{a.pages, a.s3} {
		if l != nil {
			failures = append(failures, ignoreClosed(l.http.Close()), ignoreClosed(l.socket.Close()))
		}
	}
	if a.requests != nil {
		a.requests.Flush() // what a connection that was cut off still recorded
	}
	if a.db != nil {
		failures = append(failures, a.db.Close())
	}
	if a.state != nil {
		failures = append(failures, a.state.close())
	}
	if a.store != nil {
		failures = append(failures, a.closeStore())
	}
	return errors.Join(failures...)
}

// closeStore lets reads under way finish, but not for ever: what was acknowledged
// is on the drives already.
func (a *App) closeStore() error {
	closed := make(chan error, 1)
	go func() { closed <- a.store.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(drainTime):
		return errors.New("close the object store: something still reads from it")
	}
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (l *listener) port() string { return strconv.Itoa(l.socket.Addr().(*net.TCPAddr).Port) }
