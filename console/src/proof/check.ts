/** One entry of the ledger, proved (c2sp.org/tlog-proof): read, and checked without asking the server anything. */
import {Bytes, fromBase64, same, toHex} from './bytes';
import {leafHash, LONGEST_PATH, rootFromPath} from './merkle';
import {Checkpoint, openCheckpoint, parseVerifier} from './note';

const LONGEST_PROOF = 256 * 1024;

export interface Proof {index: bigint; entry: Bytes; path: Bytes[]; head: string}

export function parseProof(text: string): Proof {
  if (text.length > LONGEST_PROOF) throw new Error('a proof has at most 256 KiB');
  const lines = text.split('\n');
  if (lines[0] !== 'c2sp.org/tlog-proof@v1') throw new Error('this is no proof: its first line is c2sp.org/tlog-proof@v1');
  const entry = /^extra ([A-Za-z0-9+/=]*)$/.exec(lines[1] ?? '');
  const index = /^index (0|[1-9][0-9]{0,18})$/.exec(lines[2] ?? '');
  if (entry === null || index === null) throw new Error('the proof has no line with the entry, or with its index');
  const path: Bytes[] = [];
  let at = 3;
  for (; lines[at] !== ''; ++at) {
    if (lines[at] === undefined) throw new Error('the proof is cut off');
    const hash = fromBase64(lines[at]!);
    if (hash.length !== 32) throw new Error('a hash in the proof has not 32 bytes');
    if (path.push(hash) > LONGEST_PATH) throw new Error('the path of the proof is too long');
  }
  return {index: BigInt(index[1]!), entry: fromBase64(entry[1]!), path, head: lines.slice(at + 1).join('\n')};
}

export interface Step {name: string; detail: string; holds: boolean}
export interface Verdict {holds: boolean; steps: Step[]; entry: string; checkpoint: Checkpoint | null}

/**
 * Every step by itself, so that a reader sees which one fails. `expected`: the entry that the proof should be of.
 * The text of the entry is told also where the proof does not hold.
 */
export async function checkProof(text: string, key: string, expected?: bigint): Promise<Verdict> {
  const steps: Step[] = [];
  const verdict = (entry: string, checkpoint: Checkpoint | null): Verdict => ({
    holds: steps.length === 4 && steps.every((step) => step.holds), steps, entry, checkpoint});
  const step = async <T>(name: string, work: () => Promise<[T, string]> | [T, string]): Promise<T | null> => {
    try {
      const [value, detail] = await work();
      steps.push({name, detail, holds: true});
      return value;
    } catch (fault) {
      steps.push({name, detail: fault instanceof Error ? fault.message : String(fault), holds: false});
      return null;
    }
  };
  const proof = await step('The proof can be read', () => {
    const read = parseProof(text);
    if (expected !== undefined && read.index !== expected)
      throw new Error(`it is a proof of entry ${read.index}, not of ${expected}`);
    return [read, `entry ${read.index}, ${read.path.length} hashes on its way to the root`];
  });
  if (proof === null) return verdict('', null);
  const entry = new TextDecoder().decode(proof.entry);
  const checkpoint = await step('The head is signed by the key of the ledger', async () => {
    const verifier = await parseVerifier(key);
    const opened = await openCheckpoint(proof.head, verifier);
    return [opened, `${opened.origin}, ${opened.size} entries`];
  });
  await step('The entry says the place that it stands at', () => {
    const told = (JSON.parse(entry) as {index?: number}).index;
    if (told === undefined || BigInt(told) !== proof.index) throw new Error('the index in the entry is another one');
    return [told, `index ${told}`];
  });
  if (checkpoint === null) return verdict(entry, null);
  await step('The entry and its path give the root that was signed', async () => {
    const root = await rootFromPath(proof.index, checkpoint.size, await leafHash(proof.entry), proof.path);
    if (!same(root, checkpoint.root)) throw new Error('they give another root: the entry or the path was changed');
    return [root, toHex(root)];
  });
  return verdict(entry, checkpoint);
}
