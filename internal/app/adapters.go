package app

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"croft/account"
	"croft/chat"
	"croft/chat/ws"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/s3api"
	"croft/pipeline"
	"croft/server"
)

// projectNames tells pipelines what a project is called.
type projectNames struct{ accounts *account.Service }

var _ pipeline.Projects = projectNames{}

func (p projectNames) Slug(ctx context.Context, projectID string) (string, error) {
	project, err := p.accounts.Project(ctx, projectID)
	return project.Slug, err
}

// presigner signs links with the S3 protocol's own code.
type presigner struct{}

var _ server.Presigner = presigner{}

func (presigner) PresignGet(baseURL, accessKey, secretKey, bucket, key string, expires time.Duration) (string, error) {
	return s3api.Presign(http.MethodGet, baseURL, bucket, key, accessKey, secretKey, s3api.DefaultRegion, expires, nil, time.Now())
}

// sockets serves chat's socket protocol behind the console's gate.
type sockets struct{ hub *ws.Hub }

var _ server.ChatSocket = sockets{}

func (s sockets) ServeSocket(w http.ResponseWriter, r *http.Request, caller server.SocketCaller) {
	s.hub.ServeSocket(w, r, caller)
}

// consoleURL is where a browser that opened the S3 address is sent.
func (a *App) consoleURL(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	return "http://" + net.JoinHostPort(host, a.pages.port()) + "/"
}

// remover takes a project away from every room that keeps something for it. Each
// part can be repeated, and the project itself goes last, so that a removal that
// failed halfway can be asked for again.
type remover struct {
	accounts  *account.Service
	pipelines *pipeline.Service
	rooms     *chat.Service
	store     objectstore.Store
	blobs     blobs
}

var _ server.ProjectRemover = remover{}

func (r remover) RemoveProject(ctx context.Context, projectID string) error {
	// What may refuse comes first, while nothing is lost yet.
	if err := r.removeBuckets(ctx, projectID, func(b objectstore.Bucket) bool { return b.ObjectLock }); err != nil {
		return err
	}
	if err := r.pipelines.DeleteProject(ctx, projectID); err != nil {
		return err
	}
	if err := r.removeBuckets(ctx, projectID, func(objectstore.Bucket) bool { return true }); err != nil {
		return err
	}
	if err := r.rooms.DeleteProjectRoom(ctx, projectID); err != nil && errs.KindOf(err) != errs.NotFound {
		return err
	}
	return r.accounts.DeleteProject(ctx, projectID)
}

// removeBuckets removes the buckets of a project that are chosen.
func (r remover) removeBuckets(ctx context.Context, projectID string, chosen func(objectstore.Bucket) bool) error {
	buckets, err := r.store.ListBuckets(ctx)
	if err != nil {
		return err
	}
	for _, bucket := range buckets {
		if bucket.Owner != projectID || !chosen(bucket) {
			continue
		}
		if err := r.blobs.empty(ctx, bucket); err != nil {
			return err
		}
		if err := r.store.DeleteBucket(ctx, bucket.Name); err != nil && !errors.Is(err, objectstore.ErrBucketNotFound) {
			return err
		}
	}
	return nil
}
