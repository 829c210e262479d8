-- Events whose change is committed and which are on their way into the ledger.
CREATE TABLE pending_event (
    id TEXT NOT NULL PRIMARY KEY,
    ledger TEXT NOT NULL,
    made BIGINT NOT NULL,
    event TEXT NOT NULL
);
-- One row. Grows with every change of what gateways decide by, so that they notice.
CREATE TABLE epoch (
    id BIGINT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO epoch (id, value) VALUES (1, 1);
