-- Whether the claim "policy" of a provider's tokens names policies that hold without a role: off, unless an
-- administrator says so. Providers of before were entered when all of them counted, and stay as they are.
ALTER TABLE oidc_providers ADD COLUMN policy_claim INTEGER NOT NULL DEFAULT 0 CHECK (policy_claim IN (0, 1));
UPDATE oidc_providers SET policy_claim = 1;
