package index

import "fmt"

// schemaVersion is written into the file. A file of another version is built anew from
// the drives, but for those of the versions before, which only lack a table or a column: there
// was nothing to be in it.
const (
	schemaVersion  = 5
	schemaVersion4 = 4
	schemaVersion3 = 3
)

// applicationID marks the file as a catalogue ("CrIx").
const applicationID = 0x43724978

// schema makes an empty file a catalogue. Values end with
// their checksum (sealed). An object's row is the key's latest version when that is
// a real object; all other versions and all delete markers are in versions.
var schema = fmt.Sprintf(`
CREATE TABLE deployment (id BLOB NOT NULL);
CREATE TABLE meta (name BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE buckets (id INTEGER NOT NULL PRIMARY KEY, name BLOB NOT NULL UNIQUE, value BLOB NOT NULL);
CREATE TABLE usage (bucket INTEGER NOT NULL PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE objects (
	bucket INTEGER NOT NULL, key BLOB NOT NULL, entry BLOB NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
CREATE TABLE versions (
	bucket INTEGER NOT NULL, key BLOB NOT NULL, ord INTEGER NOT NULL, nameless INTEGER, entry BLOB NOT NULL,
	PRIMARY KEY (bucket, key, ord DESC)) WITHOUT ROWID;
CREATE UNIQUE INDEX versions_null ON versions (bucket, key) WHERE nameless = 1;
CREATE TABLE uploads (
	bucket INTEGER NOT NULL, key BLOB NOT NULL, id BLOB NOT NULL, value BLOB NOT NULL,
	PRIMARY KEY (bucket, key, id)) WITHOUT ROWID;
CREATE TABLE parts (
	upload BLOB NOT NULL, number INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (upload, number)) WITHOUT ROWID;
CREATE TABLE files (id BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE missing (
	place INTEGER NOT NULL, ord INTEGER NOT NULL, id BLOB NOT NULL, PRIMARY KEY (place, ord DESC, id)) WITHOUT ROWID;
CREATE TABLE tiered (
	id BLOB NOT NULL PRIMARY KEY, tier BLOB NOT NULL, size INTEGER NOT NULL, doomed INTEGER NOT NULL,
	ord INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE INDEX tiered_usage ON tiered (doomed, tier, size);
CREATE INDEX tiered_doomed ON tiered (id) WHERE doomed = 1;
%sCREATE TABLE segments (id INTEGER NOT NULL PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE repairs (
	segment INTEGER NOT NULL, off INTEGER NOT NULL, places INTEGER NOT NULL,
	PRIMARY KEY (segment, off)) WITHOUT ROWID;
CREATE TABLE followers (
	id INTEGER NOT NULL PRIMARY KEY, name BLOB NOT NULL UNIQUE, bucket INTEGER NOT NULL, value BLOB NOT NULL, backlog BLOB NOT NULL);
CREATE TABLE changes (
	follower INTEGER NOT NULL, position INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
	PRIMARY KEY (follower, position)) WITHOUT ROWID;
CREATE INDEX changes_key ON changes (follower, key, position);
PRAGMA application_id = %d;
PRAGMA user_version = %d;
`, restoresSchema, applicationID, schemaVersion)

// tieredOwner is what a file of schemaVersion4 lacks: rows of before are of whatever version
// refers to them.
const tieredOwner = "ALTER TABLE tiered ADD COLUMN ord INTEGER NOT NULL DEFAULT 0;"

// restoresSchema is what a file of schemaVersion3 lacks.
const restoresSchema = `CREATE TABLE restores (
	bucket INTEGER NOT NULL, key BLOB NOT NULL, ord INTEGER NOT NULL, due INTEGER NOT NULL, tier BLOB NOT NULL,
	PRIMARY KEY (bucket, key, ord)) WITHOUT ROWID;
CREATE INDEX restores_due ON restores (due, bucket, key, ord, tier);
`
