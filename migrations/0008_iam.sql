-- What clients of IAM and STS manage. Policies are kept as they were written; their
-- names are those of attachments, where those that are built in have no row.

ALTER TABLE users ADD COLUMN sessions_from INTEGER NOT NULL DEFAULT 0; -- temporary credentials from before are ended

ALTER TABLE access_keys ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1));
ALTER TABLE access_keys ADD COLUMN policy TEXT NOT NULL DEFAULT '';     -- all that it is good for; empty: whatever its user may
ALTER TABLE access_keys ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE access_keys ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0; -- 0: never

CREATE TABLE iam_groups (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
);

CREATE TABLE iam_group_members (
    group_id TEXT NOT NULL REFERENCES iam_groups (id) ON DELETE CASCADE,
    user_id  TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (group_id, user_id)
) WITHOUT ROWID;
CREATE INDEX iam_group_members_user ON iam_group_members (user_id);

CREATE TABLE iam_policies (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL UNIQUE,
    description     TEXT NOT NULL,
    default_version INTEGER NOT NULL,
    latest_version  INTEGER NOT NULL,           -- numbers are never given twice
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL
);

CREATE TABLE iam_policy_versions (
    policy_id  TEXT NOT NULL REFERENCES iam_policies (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    document   TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (policy_id, version)
) WITHOUT ROWID;

CREATE TABLE iam_roles (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL UNIQUE,
    description   TEXT NOT NULL,
    trust         TEXT NOT NULL,                -- the policy that says who may assume it
    max_session   INTEGER NOT NULL,             -- seconds
    created_at    INTEGER NOT NULL,
    sessions_from INTEGER NOT NULL DEFAULT 0
);

-- Holders are users, groups and roles; whoever removes one removes these.
CREATE TABLE iam_attachments (
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('user', 'group', 'role')),
    holder_id   TEXT NOT NULL,
    policy      TEXT NOT NULL,
    PRIMARY KEY (holder_kind, holder_id, policy)
) WITHOUT ROWID;
CREATE INDEX iam_attachments_policy ON iam_attachments (policy);

CREATE TABLE iam_inline_policies (
    holder_kind TEXT NOT NULL CHECK (holder_kind IN ('user', 'group', 'role')),
    holder_id   TEXT NOT NULL,
    name        TEXT NOT NULL,
    document    TEXT NOT NULL,
    PRIMARY KEY (holder_kind, holder_id, name)
) WITHOUT ROWID;

-- Who vouches for people and machines that have no account here.
CREATE TABLE oidc_providers (
    id          TEXT PRIMARY KEY,
    url         TEXT NOT NULL UNIQUE,           -- the issuer of its tokens, to the letter
    clients     TEXT NOT NULL,                  -- audiences, one a line
    thumbprints TEXT NOT NULL,                  -- one a line; kept for clients that ask for them
    created_at  INTEGER NOT NULL
);
