package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"croft/internal/errs"
	"croft/pipeline/config"
	"croft/pipeline/steplog"
)

// artifactCount bounds the files of one run, all steps together.
type artifactCount struct {
	mu   sync.Mutex // guards kept
	kept int
}

func (c *artifactCount) take(limit int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept++; c.kept > limit {
		return &failure{fmt.Sprintf("The run's artifacts are more than %d files.", limit)}
	}
	return nil
}

// collect keeps the files that a step declared as artifacts.
func (a *attempt) collect(ctx context.Context, step config.Step, stepID string, log *liveLog) error {
	bucket := ArtifactBucket(a.slug)
	if err := a.blobs.EnsureBucket(ctx, bucket, a.run.ProjectID); err != nil {
		return fmt.Errorf("make the artifact bucket: %w", err)
	}
	kept := make(map[string]artifactRow) // two patterns may match the same file
	put := func(ctx context.Context, name string, size int64, body io.Reader) error {
		if !plainPath(name) {
			return &failure{fmt.Sprintf("The artifact %q has a name that cannot be kept.", name)}
		}
		if err := a.artifacts.take(a.cfg.MaxArtifacts); err != nil {
			return err
		}
		key := fmt.Sprintf("%s/%d/%s", a.repository.Name, a.run.Number, name)
		if err := a.blobs.Put(ctx, bucket, key, contentType(name), size, body); err != nil {
			return fmt.Errorf("keep artifact %s: %w", name, err)
		}
		kept[name] = artifactRow{RunID: a.run.ID, Path: name, StepID: stepID, Size: size, Bucket: bucket, ObjectKey: key}
		return log.WriteLog(time.Now(), steplog.Stdout, fmt.Appendf(nil, "Croft: kept %s (%s)\n", name, plainSize(size)))
	}
	for _, pattern := range step.Artifacts {
		matched, err := a.executor.Collect(ctx, a.run.ID, pattern, put)
		if err != nil {
			return err
		}
		if matched == 0 {
			return &failure{fmt.Sprintf("No file of the workspace matches the artifact path %q.", pattern)}
		}
	}
	rows := slices.Collect(maps.Values(kept))
	if len(rows) == 0 {
		return nil
	}
	_, err := a.change(ctx, a.run.ID, func(tx *gorm.DB, _ *runRow) error {
		// Two steps may keep the same file; the last one counts.
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(&rows, 200).Error
	})
	return err
}

// artifactEnd is the end of a step whose script was good but whose files were not kept.
func (a *attempt) artifactEnd(ctx context.Context, end stepEnd, err error) stepEnd {
	var failed *failure
	end.finishedAt = time.Time{}
	switch {
	case errors.As(err, &failed):
		end.state, end.message = StepFailed, failed.message
	case causeOf(ctx) != nil:
		end.state, end.message = interrupted(ctx, err)
	default:
		_, message := errs.Public(err)
		end.state, end.message = StepError, "The artifacts could not be kept: "+message
		a.Service.log.WarnContext(ctx, "artifacts were not kept", "runId", a.run.ID, "error", err)
	}
	return end
}

// plainPath asks for a relative path that means the same as an object key.
func plainPath(name string) bool {
	return name != "" && path.Clean(name) == name && !path.IsAbs(name) && name != "." && name != ".." &&
		!strings.HasPrefix(name, "../") && !containsNUL(name) && len(name) <= 800
}

func contentType(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
