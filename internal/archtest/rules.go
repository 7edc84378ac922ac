// Package archtest keeps the house's import rules: which room may import which,
// and which rooms alone may import a library that others must not see. The
// tables below are the rules; docs/architecture.md tells why they are so.
package archtest

// module is this program's own import prefix.
const module = "croft"

// rooms says, room by room, which other rooms it may import. A room is the
// longest entry that contains a package; a package in no room fails the test, so
// that a new room is a decision and not an accident. Every room may import
// everyone's mechanics (the list below) unless it is one of them.
var rooms = map[string][]string{
	"croft":                 {"internal/app", "internal/cli"},
	"account":               {},
	"account/iamapi":        {"account"},
	"account/oidc":          {"account"},
	"chat":                  {},
	"chat/ws":               {"chat"},
	"e2e":                   {"internal/testforge", "internal/testimage"},
	"migrations":            {},
	"objectstore":           {},
	"objectstore/accesslog": {},
	"objectstore/adminapi":  {"objectstore", "objectstore/s3api"},
	"objectstore/erasure": {
		"objectstore", "objectstore/erasure/coat", "objectstore/erasure/disk", "objectstore/erasure/driveset", "objectstore/erasure/frame", "objectstore/erasure/index",
		"objectstore/erasure/seglog", "objectstore/erasure/shardfile",
	},
	"objectstore/grants":       {"objectstore", "objectstore/policy"},
	"objectstore/inventory":    {"objectstore", "objectstore/grants"},
	"objectstore/lifecycle":    {"objectstore"},
	"objectstore/masterkey":    {},
	"objectstore/notification": {"objectstore"},
	"objectstore/mirror":       {"objectstore/remote"},
	"objectstore/policy":       {},
	"objectstore/pools":        {"objectstore", "objectstore/erasure", "objectstore/erasure/driveset"},
	"objectstore/query":        {},
	"objectstore/remote":       {"objectstore"},
	"objectstore/replication":  {"objectstore", "objectstore/remote"},
	"objectstore/s3api":        {"objectstore", "objectstore/grants", "objectstore/inventory", "objectstore/lifecycle", "objectstore/notification", "objectstore/policy", "objectstore/query"},
	"objectstore/storebench": {
		"objectstore", "objectstore/erasure", "objectstore/s3api",
	},
	"objectstore/storetest": {
		"objectstore",
	},
	"objectstore/tiering":  {"objectstore", "objectstore/remote"},
	"objectstore/usage":    {"objectstore"},
	"objectstore/webdav":   {"objectstore"},
	"pipeline":             {},
	"pipeline/docker":      {"pipeline"},
	"pipeline/git":         {"pipeline"},
	"pipeline/git/gittest": {"internal/testforge"},
	"server":               {"account", "chat", "objectstore", "objectstore/accesslog", "objectstore/grants", "objectstore/inventory", "objectstore/lifecycle", "objectstore/notification", "objectstore/policy", "objectstore/remote", "objectstore/replication", "objectstore/tiering", "objectstore/usage", "pipeline"},
	"ui":                   {},

	"objectstore/erasure/coat":         {},
	"objectstore/erasure/disk":         {},
	"objectstore/erasure/disk/simdisk": {"objectstore/erasure/disk"},
	"objectstore/erasure/driveset":     {"objectstore", "objectstore/erasure/disk"},
	"objectstore/erasure/shardfile":    {"objectstore", "objectstore/erasure/driveset"},
	"objectstore/erasure/frame":        {},
	"objectstore/erasure/index":        {"objectstore"},
	"objectstore/erasure/seglog":       {"objectstore", "objectstore/erasure/driveset"},

	"internal/app": {
		"account", "account/iamapi", "account/oidc", "chat", "chat/ws", "internal/cli", "migrations", "objectstore", "objectstore/accesslog", "objectstore/adminapi", "objectstore/erasure", "objectstore/grants", "objectstore/inventory", "objectstore/lifecycle", "objectstore/masterkey", "objectstore/mirror", "objectstore/notification", "objectstore/policy", "objectstore/pools", "objectstore/remote", "objectstore/replication", "objectstore/s3api", "objectstore/tiering", "objectstore/usage", "objectstore/webdav",
		"pipeline", "pipeline/docker", "pipeline/git", "server", "ui",
	},
	"internal/archtest":  {},
	"internal/cli":       {},
	"internal/errs":      {},
	"internal/events":    {},
	"internal/forwarded": {},
	"internal/ids":       {},
	"internal/patience":  {},
	"internal/seal":      {"internal/errs"},
	"internal/store":     {"internal/errs"},
	"internal/testimage": {},
	"internal/testforge": {},
}

// mechanics may be imported from every room that is not itself one of them.
var mechanics = []string{"internal/errs", "internal/events", "internal/forwarded", "internal/ids", "internal/patience", "internal/seal", "internal/store"}

// guarded says which rooms alone may import a package (or one below it).
var guarded = map[string][]string{
	"github.com/coreos/go-oidc/v3":     {"account/oidc"},
	"github.com/gin-gonic/gin":         {"server"},
	"github.com/danielgtaylor/huma/v2": {"server"},
	"github.com/klauspost/compress":    {"objectstore/erasure/coat"},
	"github.com/minio/md5-simd":        {"objectstore/erasure"},
	"github.com/klauspost/reedsolomon": {"objectstore/erasure", "objectstore/erasure/driveset", "objectstore/erasure/shardfile"},
	"github.com/docker/docker":         {"pipeline/docker", "internal/testimage"},
	"github.com/go-git/go-git/v5":      {"pipeline/git"},
	"github.com/coder/websocket":       {"chat/ws"},
	"github.com/parquet-go/parquet-go": {"objectstore/inventory", "objectstore/query"},
	"github.com/minio/minio-go/v7":     {"objectstore/mirror", "objectstore/remote", "objectstore/replication", "objectstore/tiering", "objectstore/webdav"},
	"gorm.io/driver/sqlite":            {"internal/store"},
	"modernc.org/sqlite":               {"internal/store", "objectstore/erasure/index"},
	"modernc.org/libc":                 {"objectstore/erasure/index"},
	"gorm.io/gorm":                     {"internal/store", "account", "chat", "objectstore/notification", "objectstore/replication", "objectstore/tiering", "objectstore/usage", "pipeline"},
	"net/http":                         {"server", "account/iamapi", "account/oidc", "objectstore/adminapi", "objectstore/mirror", "objectstore/notification", "objectstore/remote", "objectstore/s3api", "objectstore/storebench", "objectstore/webdav", "chat/ws", "pipeline/git", "pipeline/git/gittest", "pipeline/docker", "internal/app", "internal/forwarded", "internal/patience", "internal/testforge", "e2e"},
	"github.com/aws/aws-sdk-go-v2":     {},
	"database/sql":                     {"internal/store", "account", "chat", "pipeline"},
	"golang.org/x/net/webdav":          {"objectstore/webdav"},
	"golang.org/x/crypto/argon2":       {"account", "objectstore/adminapi"},
}
