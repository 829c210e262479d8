/** Incidents, as the service tells of them. */
export interface IncidentInfo {
  incident: number; threat: string; title: string; severity: string; state: string; owner: string | null;
  opened: number; last_signal: number; versions: string[]; principals: string[]; atlas: string[];
  signals?: {detector: string; version: string; title: string; times: number; first: number; last: number}[];
}
export interface Clock {
  rule: string; regime: string; title: string; state: string; anchor: string; due: number | null; percent: number;
  met: number | null; receipt: string | null; citation: string; sure: boolean;
}
export interface StepVisit {
  step: string; visit: number; state: string; name?: string; approvals_needed?: number; manual?: string;
  agreed?: string[]; began: number; ended: number | null;
}
export interface RunInfo {
  run: string; playbook: string; mode: string; state: string; reason: string | null; started: number; started_by: string;
  ended: number | null; steps: StepVisit[];
}
export interface Task {task: number; title: string; owner: string | null; due: number | null; done: number | null; done_by: string | null}
export interface Report {
  incident: IncidentInfo;
  times: {to_detect: number | null; to_contain: number | null; to_recover: number | null};
  cause: string | null; lessons: string | null;
  holds: {hold: string; taken: number; taken_by: string; sha256: string; released: number | null}[];
  runs: RunInfo[];
  messages: {message: string; audience: string; subject: string; state: string; made: number; made_by: string}[];
  clocks: Clock[]; tasks: Task[];
  timeline: {position: number; at: number; actor: string; kind: string; text: string}[];
}

export const STATES = ['open', 'contained', 'eradicated', 'recovered', 'closed', 'dismissed'];
