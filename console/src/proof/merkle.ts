/** Merkle trees of RFC 6962 section 2.1: what an inclusion proof says about the root. */
import {Bytes, concat, sha256} from './bytes';

export const LONGEST_PATH = 63;

export function leafHash(entry: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(0), entry));
}

export function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/**
 * The root of a tree of `size` entries whose entry `index` has the hash `leaf`, by the path that is given (RFC 9162
 * section 2.1.3.2). Throws where the path is too long or too short for the tree.
 */
export async function rootFromPath(index: bigint, size: bigint, leaf: Bytes, path: Bytes[]): Promise<Bytes> {
  if (index < 0n || index >= size) throw new Error('the entry lies beyond the tree');
  let node = index, last = size - 1n, hash = leaf;
  for (const sibling of path) {
    if (last === 0n) throw new Error('the path is too long');
    if ((node & 1n) === 1n || node === last) {
      hash = await nodeHash(sibling, hash);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = await nodeHash(hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) throw new Error('the path is too short');
  return hash;
}
