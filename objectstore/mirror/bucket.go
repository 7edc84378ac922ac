package mirror

import (
	"context"
	"strings"

	"github.com/minio/minio-go/v7"
)

// pair is a bucket and what it is called at the target.
type pair struct {
	from, to string
	missing  bool // the target has no such bucket, which is left so in a dry run
	versions bool // older versions are brought, too
	locks    bool // the target's bucket has object lock
	settings bool // settings are brought, too
	suspend  bool // the source's versioning is suspended, and the target's will be again
}

const (
	enabled   = "Enabled"
	suspended = "Suspended"
)

// prepare makes a bucket at the target, if need be, and decides what is brought of it.
func (m *run) prepare(ctx context.Context, p *pair) error {
	there, err := m.to.BucketExists(ctx, p.to)
	if err != nil {
		return m.to.Explain(err)
	}
	theirs, err := m.setting(ctx, *p, setting{query: "versioning", says: "versioning"})
	if err != nil {
		return err
	}
	keeps := status(theirs)
	lock := ""
	if m.Versions != No {
		if lock, err = m.setting(ctx, *p, setting{query: "object-lock", says: "object lock"}); err != nil {
			return err
		}
	}
	locked := strings.Contains(lock, ">"+enabled+"<")
	p.missing = !there
	if p.missing && !m.DryRun {
		if err := m.to.MakeBucket(ctx, p.to, minio.MakeBucketOptions{Region: m.Target.Target.Region, ObjectLocking: locked}); err != nil {
			return m.ofTarget(err)
		}
		p.missing = false
	}
	fresh := !there
	if there {
		if fresh, err = m.untouched(ctx, p.to); err != nil {
			return m.to.Explain(err)
		}
	}
	p.settings = m.Settings == Yes || m.Settings == Auto && fresh
	if p.settings && fresh && !m.DryRun {
		// Whoever does not know of tags is set up again only when that is asked for.
		if err := m.to.PutSetting(ctx, p.to, "tagging", settingsPending); err != nil {
			if _, refused := refusal(err); !refused {
				return m.ofTarget(err)
			}
		}
	}
	if err := m.keepVersions(ctx, p, keeps, fresh); err != nil {
		return err
	}
	if err := m.keepLocks(ctx, p, locked, fresh); err != nil {
		return err
	}
	if !p.settings {
		return nil
	}
	return m.copySettings(ctx, *p, before)
}

// untouched reports whether nobody but a mirror has done anything with a bucket at the
// target.
func (m *run) untouched(ctx context.Context, bucket string) (bool, error) {
	tags, err := m.to.Setting(ctx, bucket, "tagging")
	if _, refused := refusal(err); err != nil && !refused {
		return false, err
	}
	return strings.Contains(tags, "<Key>"+settingsTag+"</Key>"), nil
}

// keepVersions decides whether older versions are brought and has the target keep them.
func (m *run) keepVersions(ctx context.Context, p *pair, keeps string, fresh bool) error {
	if keeps == "" || m.Versions == No {
		return nil
	}
	has := ""
	if !p.missing {
		text, err := m.to.Setting(ctx, p.to, "versioning")
		if err != nil {
			return m.ofTarget(err)
		}
		has = status(text)
	}
	if m.Versions == Auto && !fresh && has == "" {
		m.note(p.from, "older versions are not brought: the target's bucket keeps none. --versions brings them, and turns versioning on there.")
		return nil
	}
	p.versions, p.suspend = true, keeps == suspended && (fresh || p.settings || has == suspended)
	if has == enabled || m.DryRun {
		return nil
	}
	err := m.to.PutSetting(ctx, p.to, "versioning", versioning(enabled))
	if err == nil {
		return nil
	}
	why, refused := refusal(err)
	if !refused || m.Versions == Yes {
		return m.ofTarget(err)
	}
	p.versions, p.suspend = false, false
	m.note(p.from, "older versions are not brought, because the target does not keep any: "+why)
	return nil
}

// keepLocks decides whether objects are locked at the target, and lets a new bucket do so.
func (m *run) keepLocks(ctx context.Context, p *pair, locked, fresh bool) error {
	if p.missing {
		p.locks = locked
		return nil
	}
	if !locked {
		return nil
	}
	text, err := m.to.Setting(ctx, p.to, "object-lock")
	if err != nil {
		return m.ofTarget(err)
	}
	if p.locks = strings.Contains(text, ">"+enabled+"<"); p.locks || m.DryRun || !p.versions || !fresh && !p.settings {
		return nil
	}
	const on = "<ObjectLockConfiguration><ObjectLockEnabled>" + enabled + "</ObjectLockEnabled></ObjectLockConfiguration>"
	p.locks, err = m.putSetting(ctx, *p, setting{query: "object-lock", says: "object lock"}, on)
	return err
}

// finish does what has to wait until a bucket's objects are there.
func (m *run) finish(ctx context.Context, p pair) error {
	if p.settings {
		if err := m.copySettings(ctx, p, after); err != nil {
			return err
		}
	}
	if m.DryRun {
		return nil
	}
	if p.suspend {
		if err := m.to.PutSetting(ctx, p.to, "versioning", versioning(suspended)); err != nil {
			return m.ofTarget(err)
		}
	}
	if !p.settings {
		return nil
	}
	// Last, for these tags take the place of the mark that the settings are not there.
	tagging := setting{query: "tagging", says: "tags"}
	tags, err := m.setting(ctx, p, tagging)
	if err != nil {
		return err
	}
	if strings.Contains(tags, "<Key>") {
		done, err := m.putSetting(ctx, p, tagging, tags)
		if err != nil {
			return err
		}
		if done {
			m.note(p.from, "tags copied")
			return nil
		}
	}
	if err := m.to.PutSetting(ctx, p.to, tagging.query, ""); err != nil {
		if _, refused := refusal(err); !refused {
			return m.ofTarget(err)
		}
	}
	return nil
}

func versioning(status string) string {
	return "<VersioningConfiguration><Status>" + status + "</Status></VersioningConfiguration>"
}

// status is what a bucket's versioning is set to.
func status(text string) string {
	for _, s := range []string{enabled, suspended} {
		if strings.Contains(text, "<Status>"+s+"</Status>") {
			return s
		}
	}
	return ""
}
