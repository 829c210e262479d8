-- Models and data sets by kind (model, data). Times are seconds since 1970.
CREATE TABLE asset (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    quarantine TEXT,
    PRIMARY KEY (kind, name)
);
-- Versions never change but for quarantine (its reason, or null) and removed.
CREATE TABLE asset_version (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    digest TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    note TEXT NOT NULL,
    input_low DOUBLE PRECISION,
    input_high DOUBLE PRECISION,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    quarantine TEXT,
    removed BIGINT NOT NULL,
    PRIMARY KEY (kind, name, number)
);
CREATE INDEX asset_version_digest ON asset_version (digest);
-- Sidecar, signature, bill of materials, evidence. Added, never replaced, the newest of a role counts.
CREATE TABLE attachment (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    role TEXT NOT NULL,
    position BIGINT NOT NULL,
    digest TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (kind, name, number, role, position)
);
CREATE INDEX attachment_digest ON attachment (digest);
-- What was found about a version, the newest of a name counts.
CREATE TABLE asset_check (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    check_name TEXT NOT NULL,
    position BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    score DOUBLE PRECISION,
    detail TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (kind, name, number, check_name, position)
);
CREATE TABLE alias (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (kind, name, alias)
);
-- Every move (promote, rollback) of an alias, in order. from_number 0 means that there was none.
CREATE TABLE alias_move (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    alias TEXT NOT NULL,
    position BIGINT NOT NULL,
    from_number BIGINT NOT NULL,
    to_number BIGINT NOT NULL,
    move TEXT NOT NULL,
    moved BIGINT NOT NULL,
    moved_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (kind, name, alias, position)
);
-- What a version was made from (trained_on, derived_from, evaluated_on).
CREATE TABLE lineage_link (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    relation TEXT NOT NULL,
    source_kind TEXT NOT NULL,
    source_name TEXT NOT NULL,
    source_number BIGINT NOT NULL,
    PRIMARY KEY (kind, name, number, relation, source_kind, source_name, source_number)
);
CREATE INDEX lineage_link_source ON lineage_link (source_kind, source_name, source_number);
