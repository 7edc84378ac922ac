package accesslog

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// Entry is one line: a request that was to change something, or, when only Dropped
// is set beside Time, how many of them could not be written down.
type Entry struct {
	Time      time.Time `json:"time"` // when the request came
	RequestID string    `json:"requestId,omitempty"`
	User      string    `json:"user,omitempty"`
	AccessKey string    `json:"accessKey,omitempty"` // never the secret
	Remote    string    `json:"remote,omitempty"`    // the client's IP address
	Operation string    `json:"operation,omitempty"` // as S3 calls it: "PutObject"
	Bucket    string    `json:"bucket,omitempty"`
	Key       string    `json:"key,omitempty"`
	Keys      []string  `json:"keys,omitempty"` // of a DeleteObjects, those that ended with this Error
	Version   string    `json:"version,omitempty"`
	Source    string    `json:"source,omitempty"` // of a copy, "bucket/key"
	Status    int       `json:"status,omitempty"`
	Error     string    `json:"error,omitempty"` // the S3 error code; empty when it was done
	BytesIn   int64     `json:"bytesIn,omitempty"`
	BytesOut  int64     `json:"bytesOut,omitempty"`
	Duration  float64   `json:"durationMs,omitempty"`
	UserAgent string    `json:"userAgent,omitempty"`
	Dropped   int64     `json:"dropped,omitempty"`
}

// What clients choose is cut to these lengths, in bytes.
const (
	maxName      = 64 // of buckets, users and keys' IDs
	maxKey       = 1 << 10
	maxUserAgent = 200
	// maxKeys bounds the keys of one line. The rest go to lines of their own.
	maxKeys = 16 << 10
)

// append adds the entry as lines to out and returns how many they are.
func (e *Entry) append(out []byte) (_ []byte, lines int) {
	keys := e.Keys
	for {
		n, size := 0, 0
		for n < len(keys) && (n == 0 || size+len(keys[n]) <= maxKeys) {
			size += len(keys[n])
			n++
		}
		out = e.appendLine(out, keys[:n])
		lines++
		if keys = keys[n:]; len(keys) == 0 {
			return out, lines
		}
	}
}

func (e *Entry) appendLine(out []byte, keys []string) []byte {
	out = append(out, `{"time":"`...)
	out = e.Time.UTC().AppendFormat(out, "2006-01-02T15:04:05.000Z")
	out = append(out, '"')
	out = appendText(out, "requestId", e.RequestID, maxName)
	out = appendText(out, "user", e.User, maxName)
	out = appendText(out, "accessKey", e.AccessKey, maxName)
	out = appendText(out, "remote", e.Remote, maxName)
	out = appendText(out, "operation", e.Operation, maxName)
	out = appendText(out, "bucket", e.Bucket, maxName)
	out = appendText(out, "key", e.Key, maxKey)
	for i, key := range keys {
		if i == 0 {
			out = append(out, `,"keys":[`...)
		} else {
			out = append(out, ',')
		}
		out = appendQuoted(out, key, maxKey)
	}
	if len(keys) > 0 {
		out = append(out, ']')
	}
	out = appendText(out, "version", e.Version, maxName)
	out = appendText(out, "source", e.Source, maxKey+maxName)
	out = appendNumber(out, "status", int64(e.Status))
	out = appendText(out, "error", e.Error, maxName)
	out = appendNumber(out, "bytesIn", e.BytesIn)
	out = appendNumber(out, "bytesOut", e.BytesOut)
	if e.Duration > 0 {
		out = append(out, `,"durationMs":`...)
		out = strconv.AppendFloat(out, e.Duration, 'f', 3, 64)
	}
	out = appendText(out, "userAgent", e.UserAgent, maxUserAgent)
	out = appendNumber(out, "dropped", e.Dropped)
	return append(out, "}\n"...)
}

func appendNumber(out []byte, name string, value int64) []byte {
	if value == 0 {
		return out
	}
	out = append(out, ',', '"')
	out = append(out, name...)
	out = append(out, '"', ':')
	return strconv.AppendInt(out, value, 10)
}

func appendText(out []byte, name, value string, limit int) []byte {
	if value == "" {
		return out
	}
	out = append(out, ',', '"')
	out = append(out, name...)
	out = append(out, '"', ':')
	return appendQuoted(out, value, limit)
}

// appendQuoted writes a JSON string of at most limit bytes of value. Bytes that are
// not UTF-8 become the replacement character.
func appendQuoted(out []byte, value string, limit int) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(value) && i < limit; {
		c := value[i]
		if c < utf8.RuneSelf {
			switch {
			case c == '"' || c == '\\':
				out = append(out, '\\', c)
			case c < ' ':
				out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			default:
				out = append(out, c)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(value[i:])
		if i+size > limit {
			break
		}
		out = utf8.AppendRune(out, r)
		i += size
	}
	return append(out, '"')
}
