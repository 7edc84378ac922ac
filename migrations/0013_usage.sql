-- How much buckets hold and how often they are asked for, over time.

-- What samples belong to: a bucket, or, without a name, all of them together.
CREATE TABLE usage_series (
    id             INTEGER PRIMARY KEY,
    bucket         TEXT NOT NULL,
    bucket_created INTEGER NOT NULL,               -- unix milliseconds; a bucket that was made anew is another
    since          INTEGER NOT NULL,               -- unix seconds, as are all times here
    UNIQUE (bucket, bucket_created)
);

-- Requests within a step of so many seconds, and what was there at its end. Steps in which
-- nothing changed are left out. The same is kept at several steps, the finer the shorter.
CREATE TABLE usage_samples (
    series     INTEGER NOT NULL REFERENCES usage_series (id),
    step       INTEGER NOT NULL,
    at         INTEGER NOT NULL,                   -- when the step begins
    bytes      INTEGER NOT NULL,                   -- of all versions
    objects    INTEGER NOT NULL,
    versions   INTEGER NOT NULL,                   -- older ones, and delete markers
    unfinished INTEGER NOT NULL,                   -- bytes of unfinished uploads
    reads      INTEGER NOT NULL,
    writes     INTEGER NOT NULL,
    lists      INTEGER NOT NULL,
    deletes    INTEGER NOT NULL,
    others     INTEGER NOT NULL,
    refused    INTEGER NOT NULL,                   -- of these, answered with 4xx
    failed     INTEGER NOT NULL,                   -- and with 5xx
    received   INTEGER NOT NULL,                   -- bytes of bodies
    sent       INTEGER NOT NULL,
    PRIMARY KEY (series, step, at)
) WITHOUT ROWID;
