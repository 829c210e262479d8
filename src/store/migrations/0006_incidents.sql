-- Times are seconds since 1970, 0 until something has happened. body holds what is only shown and searched in memory.
CREATE TABLE incident (
    number BIGINT NOT NULL PRIMARY KEY,
    threat TEXT NOT NULL,
    title TEXT NOT NULL,
    severity TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    opened BIGINT NOT NULL,
    last_signal BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX incident_state ON incident (state, number);
-- The timeline. Entries never change.
CREATE TABLE incident_entry (
    incident BIGINT NOT NULL,
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (incident, position)
);
CREATE TABLE incident_task (
    incident BIGINT NOT NULL,
    position BIGINT NOT NULL,
    title TEXT NOT NULL,
    owner TEXT NOT NULL,
    due BIGINT NOT NULL,
    done BIGINT NOT NULL,
    done_by TEXT NOT NULL,
    PRIMARY KEY (incident, position)
);
-- What was as it was before anything was changed. digest is that of manifest. released is 0 while it holds.
CREATE TABLE evidence_hold (
    id TEXT NOT NULL PRIMARY KEY,
    incident BIGINT NOT NULL,
    taken BIGINT NOT NULL,
    taken_by TEXT NOT NULL,
    digest TEXT NOT NULL,
    manifest TEXT NOT NULL,
    released BIGINT NOT NULL,
    released_by TEXT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX evidence_hold_incident ON evidence_hold (incident);
-- Versions whose content nobody removes while the hold lasts.
CREATE TABLE evidence_hold_version (
    hold TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (hold, kind, name, number)
);
CREATE TABLE playbook (
    name TEXT NOT NULL PRIMARY KEY,
    digest TEXT NOT NULL,
    document TEXT NOT NULL,
    installed BIGINT NOT NULL,
    installed_by TEXT NOT NULL
);
-- One run of a playbook. document is what runs, whatever is installed meanwhile.
CREATE TABLE playbook_run (
    id TEXT NOT NULL PRIMARY KEY,
    incident BIGINT NOT NULL,
    playbook TEXT NOT NULL,
    digest TEXT NOT NULL,
    document TEXT NOT NULL,
    mode TEXT NOT NULL,
    state TEXT NOT NULL,
    variables TEXT NOT NULL,
    started BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    ended BIGINT NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX playbook_run_incident ON playbook_run (incident, started);
CREATE INDEX playbook_run_digest ON playbook_run (digest, mode, state, ended);
-- One visit of a step. state is waiting, begun, done, failed or rejected. agreed holds who agreed, with blanks between.
CREATE TABLE playbook_step (
    run TEXT NOT NULL,
    position BIGINT NOT NULL,
    step TEXT NOT NULL,
    visit BIGINT NOT NULL,
    state TEXT NOT NULL,
    began BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    agreed TEXT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (run, step, visit)
);
-- What an incident put on a principal or a model for a time. ended is 0 while it holds.
CREATE TABLE restriction (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    principal TEXT NOT NULL,
    model TEXT NOT NULL,
    value TEXT NOT NULL,
    until BIGINT NOT NULL,
    incident BIGINT NOT NULL,
    reason TEXT NOT NULL,
    made BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    ended BIGINT NOT NULL,
    ended_by TEXT NOT NULL
);
-- A legal clock that runs for an incident. met is 0 until then. warned is the highest share of its time, in percent,
-- that was told.
CREATE TABLE incident_clock (
    incident BIGINT NOT NULL,
    rule TEXT NOT NULL,
    started BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    met BIGINT NOT NULL,
    met_by TEXT NOT NULL,
    receipt TEXT NOT NULL,
    warned BIGINT NOT NULL,
    PRIMARY KEY (incident, rule)
);
-- state is draft, approved, sent, failed. text and html are as they were approved.
CREATE TABLE incident_message (
    id TEXT NOT NULL PRIMARY KEY,
    incident BIGINT NOT NULL,
    audience TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT NOT NULL,
    state TEXT NOT NULL,
    made BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    approved BIGINT NOT NULL,
    approved_by TEXT NOT NULL,
    receipts TEXT NOT NULL
);
CREATE INDEX incident_message_incident ON incident_message (incident, made);
