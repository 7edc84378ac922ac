package server

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"croft/account"
	"croft/internal/errs"
	"croft/objectstore"
	"croft/objectstore/replication"
)

// UpdateVersionRequest changes what is kept beside a version; what is left out stays.
type UpdateVersionRequest struct {
	Tags   *map[string]string `json:"tags,omitempty"`
	Lock   *VersionLock       `json:"lock,omitempty"`
	Bypass bool               `json:"bypass,omitempty" doc:"Also shorten what governance keeps; needs the right to change the bucket"`
}

// MetadataRequest replaces what an object says of itself: a copy of it takes its place.
type MetadataRequest struct {
	ETag               string            `json:"etag" minLength:"1" doc:"Of the object as it was seen"`
	ContentType        string            `json:"contentType" maxLength:"255"`
	CacheControl       string            `json:"cacheControl" maxLength:"1024"`
	ContentDisposition string            `json:"contentDisposition" maxLength:"1024"`
	ContentEncoding    string            `json:"contentEncoding" maxLength:"255"`
	ContentLanguage    string            `json:"contentLanguage" maxLength:"255"`
	Metadata           map[string]string `json:"metadata" doc:"The writer's own"`
}

type (
	updateVersionInput struct {
		InBucket
		Key     string `query:"key" required:"true"`
		Version string `query:"version" doc:"Empty for the latest"`
		Body    UpdateVersionRequest
	}
	metadataInput struct {
		InBucket
		Key  string `query:"key" required:"true"`
		Body MetadataRequest
	}
)

func (s *Server) editRoutes() {
	write := Need(account.ObjectWrite, s.bucket())
	route(s, op("update-version", http.MethodPatch, "/buckets/{bucket}/version", "Change a version's tags, retention or legal hold", "buckets"), write, s.updateVersion)
	route(s, op("update-metadata", http.MethodPut, "/buckets/{bucket}/metadata", "Change an object's type, headers and metadata", "buckets"), write.Heeding("s3:PutObject"), s.updateMetadata)
}

func (s *Server) updateVersion(ctx context.Context, in *updateVersionInput) (*body[Version], error) {
	note := auditing(ctx)
	note.Target = in.Bucket + "/" + in.Key
	store, err := s.versions()
	if err != nil {
		return nil, err
	}
	var changed []string
	ask := func(permission, word string) error {
		changed = append(changed, word)
		return s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: permission, Bucket: in.Bucket, Key: in.Key, Version: in.Version})
	}
	if in.Body.Tags != nil {
		if err := checkTags(*in.Body.Tags); err != nil {
			return nil, err
		}
		if err := ask("s3:PutObjectTagging", "tags"); err != nil {
			return nil, err
		}
		if in.Version != "" {
			if err := s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: "s3:PutObjectVersionTagging", Bucket: in.Bucket, Key: in.Key, Version: in.Version}); err != nil {
				return nil, err
			}
		}
	}
	if in.Body.Lock != nil {
		if err := ask("s3:PutObjectRetention", "retention"); err != nil {
			return nil, err
		}
		if err := ask("s3:PutObjectLegalHold", "legal hold"); err != nil {
			return nil, err
		}
	}
	note.Detail = strings.Join(changed, ", ")
	if in.Body.Bypass {
		note.Detail += ", whatever governance keeps"
		if err := s.mayBypass(ctx, in.Bucket, in.Key, in.Version); err != nil {
			return nil, err
		}
	}
	made, err := store.UpdateVersion(ctx, objectstore.VersionRef{Bucket: in.Bucket, Key: in.Key, ID: in.Version}, in.Body.Bypass, func(a *objectstore.Attributes) error {
		if in.Body.Tags != nil {
			a.Tags = maps.Clone(*in.Body.Tags)
		}
		if l := in.Body.Lock; l != nil {
			a.Lock = storedLock(*l)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &body[Version]{wireVersion(made)}, nil
}

func storedLock(l VersionLock) objectstore.Lock {
	out := objectstore.Lock{Hold: l.Hold}
	if l.Mode != "none" && l.Until != nil {
		out.Mode, out.Until = objectstore.LockMode(l.Mode), l.Until.UTC().Truncate(time.Millisecond)
	}
	return out
}

const (
	maxTags     = 10
	maxMetadata = 2048 // bytes of names and values together, as S3 has it
)

var errTags = errs.Newf(errs.Invalid, "tags_invalid", "An object has at most %d tags, with names of 1 to 128 and values of up to 256 characters.", maxTags)

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return errTags
	}
	for k, v := range tags {
		if n := utf8.RuneCountInString(k); n < 1 || n > 128 || utf8.RuneCountInString(v) > 256 || strings.HasPrefix(k, "aws:") {
			return errTags
		}
	}
	return nil
}

var (
	metadataName = regexp.MustCompile("^[a-z0-9!#$%&'*+.^_|~-]+$")
	errMetadata  = errs.Newf(errs.Invalid, "metadata_invalid",
		"The names of metadata have letters, digits and hyphens, values are one line of text, and together they have at most %d bytes.", maxMetadata)
)

// errMark keeps people from having an object taken for a copy, which is not copied on.
var errMark = errs.Newf(errs.Invalid, "metadata_reserved", "Only replication writes the metadata %s. Leave it as it is, or out.", replication.MarkName)

func cleanMetadata(in map[string]string) (map[string]string, error) {
	out, size := make(map[string]string, len(in)), 0
	for k, v := range in {
		k, v = strings.ToLower(strings.TrimSpace(k)), strings.TrimSpace(v)
		if size += len(k) + len(v); size > maxMetadata || !metadataName.MatchString(k) || !headerText(v) {
			return nil, errMetadata
		}
		out[k] = v
	}
	return out, nil
}

// headerText reports whether a text can be the value of a header.
func headerText(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f })
}

// updateMetadata copies the object onto itself; where the bucket keeps versions, what it
// was stays below.
func (s *Server) updateMetadata(ctx context.Context, in *metadataInput) (*body[Object], error) {
	auditing(ctx).Target = in.Bucket + "/" + in.Key
	user, err := cleanMetadata(in.Body.Metadata)
	if err != nil {
		return nil, err
	}
	for _, header := range []string{in.Body.ContentType, in.Body.CacheControl, in.Body.ContentDisposition, in.Body.ContentEncoding, in.Body.ContentLanguage} {
		if !headerText(header) {
			return nil, errMetadata
		}
	}
	if err := s.denied(ctx, account.PrincipalFrom(ctx), PolicyRequest{Permission: "s3:GetObject", Bucket: in.Bucket, Key: in.Key}); err != nil {
		return nil, err
	}
	source, err := s.deps.Store.Head(ctx, in.Bucket, in.Key)
	if err != nil {
		return nil, err
	}
	if is, said := user[replication.MarkName]; said && is != source.Attributes.User[replication.MarkName] {
		return nil, errMark
	}
	a := source.Attributes.Clone()
	a.Lock = objectstore.Lock{} // the copy takes the bucket's
	a.ContentType, a.CacheControl, a.ContentDisposition = in.Body.ContentType, in.Body.CacheControl, in.Body.ContentDisposition
	a.ContentEncoding, a.ContentLanguage, a.User = in.Body.ContentEncoding, in.Body.ContentLanguage, user
	made, err := s.deps.Store.Copy(ctx, objectstore.CopyRequest{
		FromBucket: in.Bucket, FromKey: in.Key, Bucket: in.Bucket, Key: in.Key, Replace: &a, Condition: objectstore.Condition{ETag: in.Body.ETag},
		Encrypt: sameEncryption(&source),
	})
	if err != nil {
		return nil, err
	}
	return &body[Object]{wireObject(made)}, nil
}
