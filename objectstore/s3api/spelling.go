package s3api

import (
	"net/http"
	"strings"
)

// The names of headers as S3 writes them, where net/http would write them otherwise.
// Names are alike whatever their case, but jets3t, and whoever else keeps an answer's
// headers in a map, looks for S3's spelling alone.
var spelled = map[string]string{
	"Etag":             "ETag",
	"X-Amz-Request-Id": "x-amz-request-id",
	"X-Amz-Id-2":       "x-amz-id-2",
	versionHeader:      "x-amz-version-id",
}

// spell gives an answer's headers the names that S3 gives them. It comes last: what
// looks for a name afterwards looks for spelling's.
func spell(header http.Header) {
	for name, values := range header {
		if as := spelling(name); as != name {
			delete(header, name)
			header[as] = values
		}
	}
}

// spelling is S3's spelling of a header's name in net/http's.
func spelling(name string) string {
	if as, ok := spelled[name]; ok {
		return as
	}
	if strings.HasPrefix(name, requestPrefix) {
		return strings.ToLower(name)
	}
	return name
}
