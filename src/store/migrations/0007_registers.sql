-- Risks, schedules, budget lines, vendors, people: each register holds small documents, read whole. register is its name,
-- id unique in it. What is derived (scores, states) is not stored.
CREATE TABLE register_record (
    register TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    changed BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    PRIMARY KEY (register, id)
);
