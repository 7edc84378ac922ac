-- How many bytes the buckets of a project may hold together; 0 is no limit.
ALTER TABLE projects ADD COLUMN quota INTEGER NOT NULL DEFAULT 0 CHECK (quota >= 0);
