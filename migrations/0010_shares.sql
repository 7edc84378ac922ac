-- Links by which people without an account reach an object or a folder. The token is
-- never stored, only its SHA-256; the password as a PHC string of argon2id.
CREATE TABLE shares (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    bucket         TEXT NOT NULL,
    bucket_created INTEGER NOT NULL,            -- a bucket that was made anew is another
    object_key     TEXT NOT NULL,
    folder         INTEGER NOT NULL CHECK (folder IN (0, 1)),
    uploads        INTEGER NOT NULL CHECK (uploads IN (0, 1)),
    token_hash     BLOB NOT NULL UNIQUE,
    password_hash  TEXT NOT NULL,               -- empty: none is asked for
    created_at     INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,            -- 0: never
    last_used_at   INTEGER NOT NULL DEFAULT 0,
    uses           INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX shares_bucket ON shares (bucket, created_at);
