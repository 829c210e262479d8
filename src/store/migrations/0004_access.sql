-- People and services. external tells who vouches for them. Times are seconds since 1970.
CREATE TABLE principal (
    name TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    external TEXT,
    password TEXT,
    disabled BIGINT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL
);
CREATE UNIQUE INDEX principal_external ON principal (external);
-- hash is keyed, of the secret part. scopes are grants with blanks between, none means all that the principal may.
CREATE TABLE api_key (
    id TEXT NOT NULL PRIMARY KEY,
    principal TEXT NOT NULL,
    hash TEXT NOT NULL,
    label TEXT NOT NULL,
    scopes TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    expires BIGINT NOT NULL,
    revoked BIGINT NOT NULL,
    last_used BIGINT NOT NULL
);
CREATE INDEX api_key_principal ON api_key (principal);
CREATE TABLE role_grant (
    principal TEXT NOT NULL,
    role TEXT NOT NULL,
    object TEXT NOT NULL,
    created BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (principal, role, object)
);
-- What one person asked for and a second one must agree to.
CREATE TABLE approval (
    id TEXT NOT NULL PRIMARY KEY,
    action TEXT NOT NULL,
    asset TEXT NOT NULL,
    request TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested BIGINT NOT NULL,
    expires BIGINT NOT NULL,
    decided_by TEXT,
    decided BIGINT,
    outcome TEXT
);
