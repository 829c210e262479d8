/** Signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint). */
import {Bytes, concat, fromBase64, same, sha256, utf8} from './bytes';
import {verify} from './ed25519';

export interface Verifier {name: string; id: Bytes; key: Bytes}
export interface Checkpoint {origin: string; size: bigint; root: Bytes}

const ED25519 = 1;
const MOST_SIGNATURES = 16;

/** "name+hex id+base64 key". Throws where the id is not that of the name and the key. */
export async function parseVerifier(text: string): Promise<Verifier> {
  const match = /^([^\s+]{1,256})\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim());
  if (match === null) throw new Error('this is no key of a ledger: NAME+ID+KEY on one line is one');
  const raw = fromBase64(match[3]!);
  if (raw.length !== 33 || raw[0] !== ED25519) throw new Error('the key of the ledger is no Ed25519 key');
  const id = (await sha256(concat(utf8(match[1]! + '\n'), raw))).subarray(0, 4);
  const told = Array.from(id, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (told !== match[2]) throw new Error('the id in the key of the ledger is not that of its name and key');
  return {name: match[1]!, id, key: raw.subarray(1)};
}

export function parseCheckpoint(text: string): Checkpoint {
  const [origin, size, root] = text.split('\n');
  if (!origin || size === undefined || root === undefined || !/^(0|[1-9][0-9]{0,18})$/.test(size))
    throw new Error('the head is no checkpoint: origin, size and root on three lines');
  const hash = fromBase64(root);
  if (hash.length !== 32) throw new Error('the root in the head has not 32 bytes');
  return {origin, size: BigInt(size), root: hash};
}

/** The checkpoint of a note that the verifier signed. Throws where it did not. */
export async function openCheckpoint(note: string, verifier: Verifier): Promise<Checkpoint> {
  const gap = note.lastIndexOf('\n\n');
  if (gap <= 0 || !note.endsWith('\n')) throw new Error('the head is no signed note');
  const text = note.slice(0, gap + 1);
  const lines = note.slice(gap + 2, -1).split('\n');
  if (lines.length > MOST_SIGNATURES) throw new Error('the head has too many signatures');
  const checkpoint = parseCheckpoint(text);
  if (checkpoint.origin !== verifier.name) throw new Error('the head is of another ledger: ' + checkpoint.origin);
  for (const line of lines) {
    const match = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    if (match === null) throw new Error('a line of a signature is none');
    if (match[1] !== verifier.name) continue;
    const bytes = fromBase64(match[2]!);
    if (!same(bytes.subarray(0, 4), verifier.id)) continue;
    if (await verify(verifier.key, utf8(text), bytes.subarray(4))) return checkpoint;
    throw new Error('the signature of the head does not hold');
  }
  throw new Error('the head is not signed by the key of this ledger');
}
