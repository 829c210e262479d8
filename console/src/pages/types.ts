/** What the service answers, as far as pages read it. */
import {Watched} from '../live';

export interface Check {name: string; verdict: string; score: number | null; detail: string; created: number; created_by: string}
export interface Attachment {role: string; sha256: string; bytes: number; created: number; created_by: string}
export interface VersionInfo {
  asset: string; version: number; stage: string; file: string; sha256: string; bytes: number; note: string;
  created: number; created_by: string; quarantine: string | null; removed: boolean; input_range: number[] | null;
  checks: Check[]; attachments: Attachment[]; parents?: string[]; missing_for_production?: string[]; made_from_it?: string[];
}
export interface AssetInfo {
  asset: string; name: string; created: number; created_by: string; quarantine: string | null;
  aliases: Record<string, number>; newest: number; rollback_to: number | null; versions: VersionInfo[];
}
export interface Move {alias: string; from: number | null; to: number; move: string; moved: number; moved_by: string; reason: string}
export interface Examined {
  version: number; created: number; score: number | null; checks: Record<string, string>; quarantine: string | null;
  missing_for_production: string[];
}
export interface ModelRow {
  name: string; quarantine: string | null; newest: number; aliases: Record<string, number>;
  production: Examined | null; candidate: Examined | null;
  traffic: {answered: number; refused: number; rows: number; mean_ms: number; minutes: number[]; refused_minutes: number[]};
  watched: Watched | null; worker: {state: string; trouble: string | null} | null;
  alerts: Record<string, number> | null;
}
export interface OverviewInfo {
  at: number; models: ModelRow[]; ledger_entries: number; database: string; ledger: string;
  incidents: Record<string, number> | null;
}
export interface PrincipalInfo {
  name: string; kind: string; external: string | null; disabled: boolean; has_password: boolean; created: number;
  created_by: string; grants: string[];
}
export interface KeyInfo {
  id: string; principal: string; label: string; scopes: string[]; created: number; expires: number | null;
  last_used: number | null; revoked: boolean;
}
export interface EntryInfo {index: number; time: string; kind: string; actor: string; asset: string; details: unknown}
export interface ApprovalInfo {
  id: string; action: string; asset: string; request: {method: string; target: string; body: string}; requested_by: string;
  requested: number; expires: number; outcome: string;
}
