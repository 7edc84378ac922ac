package objectstore

import (
	"path"
	"slices"
	"strings"
)

// Compression says which bodies of a bucket are compressed on the drives. Whoever
// reads them sees nothing of it.
type Compression struct {
	On bool
	// Types are content types ("application/json") or their families ("text/*"), and
	// Suffixes ends of keys (".log"): a body with one of either is compressed. When
	// there are none of both, all are that may shrink.
	Types    []string
	Suffixes []string
	// MinSize is the size below which bodies stay as they are; 0 is
	// DefaultCompressionSize. Parts of uploads are compressed whatever their size.
	MinSize int64
}

// DefaultCompressionSize is the size from which bodies are compressed; below, what
// it saves is not worth the time.
const DefaultCompressionSize = 4 << 10

// Wants reports whether a body is to be compressed; size is -1 when it is not known.
func (c Compression) Wants(key string, a Attributes, size int64) bool {
	least := c.MinSize
	if least == 0 {
		least = DefaultCompressionSize
	}
	encoding := strings.ToLower(strings.TrimSpace(a.ContentEncoding))
	encoded := encoding != "" && encoding != "identity" && encoding != "aws-chunked"
	if !c.On || size >= 0 && size < least || encoded {
		return false
	}
	contentType, _, _ := strings.Cut(strings.ToLower(a.ContentType), ";")
	contentType = strings.TrimSpace(contentType)
	if len(c.Types) == 0 && len(c.Suffixes) == 0 {
		return !matchesType(packedTypes, contentType) && !slices.Contains(packedSuffixes, strings.ToLower(path.Ext(key)))
	}
	return matchesType(c.Types, contentType) ||
		slices.ContainsFunc(c.Suffixes, func(s string) bool { return strings.HasSuffix(strings.ToLower(key), strings.ToLower(s)) })
}

func matchesType(types []string, is string) bool {
	return slices.ContainsFunc(types, func(t string) bool {
		t = strings.ToLower(t)
		family, all := strings.CutSuffix(t, "*")
		return t == is || all && strings.HasPrefix(is, family)
	})
}

// packedTypes and packedSuffixes are of content that is compressed already.
var (
	packedTypes = []string{
		"audio/*", "video/*", "image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/heic", "font/woff", "font/woff2",
		"application/zip", "application/gzip", "application/x-gzip", "application/zstd", "application/x-xz", "application/x-bzip2",
		"application/x-7z-compressed", "application/vnd.rar", "application/x-rar-compressed", "application/x-compress", "application/java-archive",
	}
	packedSuffixes = []string{
		".7z", ".aac", ".apk", ".avi", ".br", ".bz2", ".docx", ".flac", ".gif", ".gz", ".heic", ".jar", ".jpeg", ".jpg", ".lz4", ".m4a",
		".mkv", ".mov", ".mp3", ".mp4", ".ogg", ".png", ".pptx", ".rar", ".tgz", ".webm", ".webp", ".woff2", ".xlsx", ".xz", ".zip", ".zst",
	}
)
