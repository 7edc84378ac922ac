-- Temporary credentials that were asked for with a key before this are ended: it got another secret.
ALTER TABLE access_keys ADD COLUMN sessions_from INTEGER NOT NULL DEFAULT 0;
