-- A link that was made with an API token ends with it.
ALTER TABLE shares ADD COLUMN token_id TEXT REFERENCES api_tokens (id) ON DELETE CASCADE; -- NULL: made without one
CREATE INDEX shares_token ON shares (token_id) WHERE token_id IS NOT NULL;
