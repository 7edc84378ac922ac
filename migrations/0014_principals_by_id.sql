-- Documents that name users and roles say whom they mean by ID. Those from before say names alone, and mean by them
-- whoever was there when this came: nobody who is made later has a right by the name of one who is gone.
ALTER TABLE users ADD COLUMN by_id INTEGER NOT NULL DEFAULT 1 CHECK (by_id IN (0, 1));
UPDATE users SET by_id = 0;
ALTER TABLE iam_roles ADD COLUMN by_id INTEGER NOT NULL DEFAULT 1 CHECK (by_id IN (0, 1));
UPDATE iam_roles SET by_id = 0;
ALTER TABLE iam_roles ADD COLUMN trust_principals TEXT NOT NULL DEFAULT ''; -- whom its trust names; empty: from before
