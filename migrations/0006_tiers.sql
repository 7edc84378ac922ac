-- Buckets of other S3 clusters that keep bodies of objects. Times are unix milliseconds.

CREATE TABLE tiers (
    name        TEXT PRIMARY KEY,
    endpoint    TEXT NOT NULL,
    region      TEXT NOT NULL,
    style       TEXT NOT NULL,
    authorities TEXT NOT NULL,
    bucket      TEXT NOT NULL,
    prefix      TEXT NOT NULL,
    access_key  TEXT NOT NULL,
    secret_key  BLOB NOT NULL,                      -- sealed
    created_at  INTEGER NOT NULL
) WITHOUT ROWID;
