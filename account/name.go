package account

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"croft/internal/errs"
)

const maxTitle = 100 // characters of a display or project name

// checkName refuses user names that would not do in a mention, a URL or a log.
func checkName(name string) error {
	if len(name) < 2 || len(name) > 32 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "" || !alnum(name[0]) {
		return errs.New(errs.Invalid, "user_name_invalid",
			"A user name has 2 to 32 lower-case letters, digits, dots, hyphens and underscores, and starts with a letter or digit.")
	}
	return nil
}

// checkSlug refuses project slugs that would not do in a URL or a bucket name.
func checkSlug(slug string) error {
	if len(slug) < 2 || len(slug) > 40 || strings.Trim(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || !alnum(slug[0]) || !alnum(slug[len(slug)-1]) {
		return errs.New(errs.Invalid, "project_slug_invalid",
			"A project's short name has 2 to 40 lower-case letters, digits and hyphens, and starts and ends with a letter or digit.")
	}
	if strings.HasPrefix(slug, "xn--") || strings.HasPrefix(slug, "sthree-") { // nor may its artifact bucket
		return errs.New(errs.Invalid, "project_slug_reserved", `Short names must not start with "xn--" or "sthree-", which bucket names cannot.`)
	}
	if SystemBucket(slug + "-") {
		return errs.New(errs.Invalid, "project_slug_reserved", `Short names "croft" and "croft-…" belong to Croft itself.`)
	}
	return nil
}

// AdminBucket is a name under which clients ask for something else than a bucket.
const AdminBucket = "minio"

// CheckBucketName refuses names that Croft keeps for itself: those of its own
// buckets, AdminBucket, and those of artifact buckets, which come with their project. slug is the
// project that the bucket is for, or empty.
func CheckBucketName(name, slug string) error {
	if SystemBucket(name) {
		return errs.New(errs.Invalid, "bucket_name_reserved", `Bucket names that start with "croft-" belong to Croft itself.`)
	}
	if name == AdminBucket {
		return errs.New(errs.Invalid, "bucket_name_reserved", `The name "minio" is where clients ask for the admin protocol, not a bucket.`)
	}
	if owner, ok := strings.CutSuffix(name, ArtifactBucketSuffix); ok && (slug == "" || owner != slug) {
		return errs.New(errs.Invalid, "bucket_name_reserved", `Bucket names that end with "-artifacts" belong to the project they start with.`)
	}
	return nil
}

func alnum(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// cleanTitle trims text that people read in one line, and refuses what is none.
func cleanTitle(text, fallback string) (string, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		text = fallback
	}
	if utf8.RuneCountInString(text) > maxTitle || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", errs.Newf(errs.Invalid, "name_invalid", "A name is one line of at most %d characters.", maxTitle)
	}
	return text, nil
}
