-- Evidence never changes but for disputed (why, or null). digest is that of the subject, or the word organisation. asset
-- is the subject without its version. entry is its index in the ledger, null when a crash came between.
CREATE TABLE evidence (
    number BIGINT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    check_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    subject TEXT NOT NULL,
    digest TEXT NOT NULL,
    method TEXT NOT NULL,
    verdict TEXT NOT NULL,
    collected BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    body TEXT NOT NULL,
    origin TEXT NOT NULL,
    recorded BIGINT NOT NULL,
    recorded_by TEXT NOT NULL,
    disputed TEXT,
    entry BIGINT
);
CREATE UNIQUE INDEX evidence_id ON evidence (id);
CREATE INDEX evidence_asset ON evidence (asset, number);
CREATE INDEX evidence_digest ON evidence (digest, number);
CREATE INDEX evidence_check ON evidence (check_id, number);
-- Each dispute, so that other processes notice it.
CREATE TABLE evidence_dispute (
    number BIGINT NOT NULL PRIMARY KEY,
    evidence BIGINT NOT NULL,
    reason TEXT NOT NULL,
    disputed BIGINT NOT NULL,
    disputed_by TEXT NOT NULL
);
-- kind is waiver or not_applicable. subject is an asset, organisation, or a star for all. ended is null while it runs.
CREATE TABLE waiver (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    requirement TEXT NOT NULL,
    subject TEXT NOT NULL,
    owner TEXT NOT NULL,
    reason TEXT NOT NULL,
    granted BIGINT NOT NULL,
    granted_by TEXT NOT NULL,
    expires BIGINT NOT NULL,
    ended BIGINT,
    ended_by TEXT
);
-- What people say about an asset (model:NAME, data:NAME). Empty means that nobody answered.
CREATE TABLE asset_profile (
    asset TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    purpose TEXT NOT NULL,
    criticality BIGINT NOT NULL,
    exposure TEXT NOT NULL,
    modality TEXT NOT NULL,
    sector TEXT NOT NULL,
    vendor TEXT NOT NULL,
    body TEXT NOT NULL,
    changed BIGINT NOT NULL,
    changed_by TEXT NOT NULL
);
