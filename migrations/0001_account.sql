-- Who there is and what they may do. Times are unix milliseconds, booleans 0 or 1.

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    display_name  TEXT NOT NULL,
    locale        TEXT NOT NULL DEFAULT '',
    password_hash TEXT NOT NULL,                -- PHC string, argon2id
    admin         INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
    disabled      INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created_at    INTEGER NOT NULL
);

-- A session's token is never stored, only its SHA-256.
CREATE TABLE sessions (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash   BLOB NOT NULL UNIQUE,
    user_agent   TEXT NOT NULL,
    address      TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE projects (
    id          TEXT PRIMARY KEY,
    slug        TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    created_at  INTEGER NOT NULL
);

CREATE TABLE members (
    project_id TEXT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role       TEXT NOT NULL CHECK (role IN ('owner', 'maintainer', 'developer', 'viewer')),
    since      INTEGER NOT NULL,
    PRIMARY KEY (project_id, user_id)
) WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id);

CREATE TABLE api_tokens (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name         TEXT NOT NULL,
    token_hash   BLOB NOT NULL UNIQUE,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL DEFAULT 0,
    expires_at   INTEGER NOT NULL DEFAULT 0     -- 0: never
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

-- S3 signatures need the secret itself, so it is kept sealed under the master key.
CREATE TABLE access_keys (
    access_key    TEXT PRIMARY KEY,
    user_id       TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id    TEXT REFERENCES projects (id) ON DELETE CASCADE,
    name          TEXT NOT NULL,
    purpose       TEXT NOT NULL CHECK (purpose IN ('user', 'root', 'share')),
    sealed_secret BLOB NOT NULL,
    created_at    INTEGER NOT NULL,
    last_used_at  INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX access_keys_user ON access_keys (user_id);
CREATE UNIQUE INDEX access_keys_share ON access_keys (user_id) WHERE purpose = 'share';

-- The set-up token, at most one, and only while there are no users.
CREATE TABLE setup (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    token_hash BLOB NOT NULL
);

-- Login attempts, one row a limited thing. free_at is when the last reserved
-- attempt is paid off; a row whose free_at has passed means nothing.
CREATE TABLE login_limits (
    subject TEXT PRIMARY KEY,
    free_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Rows outlive what they speak of, so nothing here refers to another table.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor_id   TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    via        TEXT NOT NULL,
    action     TEXT NOT NULL,
    target     TEXT NOT NULL,
    project_id TEXT NOT NULL,
    detail     TEXT NOT NULL,
    address    TEXT NOT NULL,
    request_id TEXT NOT NULL,
    outcome    TEXT NOT NULL
);
CREATE INDEX audit_project ON audit (project_id, id);
