-- Where buckets may be copied to, apart from the rules that say what is: rules can be
-- set over S3, which knows no endpoints and no keys. A target has the ID of the rule
-- that it was made with, because its secret key is sealed for that.

CREATE TABLE replication_targets (
    id                TEXT PRIMARY KEY,
    bucket            TEXT NOT NULL,
    bucket_created_at INTEGER NOT NULL,
    endpoint          TEXT NOT NULL,
    region            TEXT NOT NULL,
    style             TEXT NOT NULL,
    authorities       TEXT NOT NULL,
    target_bucket     TEXT NOT NULL,
    access_key        TEXT NOT NULL,
    secret_key        BLOB NOT NULL,                -- sealed
    created_at        INTEGER NOT NULL
);
CREATE INDEX replication_targets_bucket ON replication_targets (bucket);
INSERT INTO replication_targets
    SELECT id, bucket, bucket_created_at, endpoint, region, style, authorities, target_bucket, access_key, secret_key, created_at
    FROM replication_rules;

ALTER TABLE replication_rules ADD COLUMN target_id TEXT NOT NULL DEFAULT '';
ALTER TABLE replication_rules ADD COLUMN name TEXT NOT NULL DEFAULT '';         -- S3's ID of the rule; empty: the row's
ALTER TABLE replication_rules ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;   -- the higher wins, among rules with one target
ALTER TABLE replication_rules ADD COLUMN tags TEXT NOT NULL DEFAULT '';         -- JSON; only objects that have all of them
ALTER TABLE replication_rules ADD COLUMN role TEXT NOT NULL DEFAULT '';         -- as S3 clients said it, to be given back
ALTER TABLE replication_rules ADD COLUMN destination TEXT NOT NULL DEFAULT '';  -- the same
ALTER TABLE replication_rules ADD COLUMN legacy INTEGER NOT NULL DEFAULT 0 CHECK (legacy IN (0, 1)); -- said without a filter
UPDATE replication_rules SET target_id = id, priority = rowid;
ALTER TABLE replication_rules DROP COLUMN endpoint;
ALTER TABLE replication_rules DROP COLUMN region;
ALTER TABLE replication_rules DROP COLUMN style;
ALTER TABLE replication_rules DROP COLUMN authorities;
ALTER TABLE replication_rules DROP COLUMN target_bucket;
ALTER TABLE replication_rules DROP COLUMN access_key;
ALTER TABLE replication_rules DROP COLUMN secret_key;
