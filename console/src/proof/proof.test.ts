import {describe, expect, it} from 'vitest';
import {Bytes, concat, fromBase64, same, sha256, toBase64, toHex, utf8} from './bytes';
import {checkProof} from './check';
import {verify, verifyHere} from './ed25519';
import {leafHash, nodeHash, rootFromPath} from './merkle';
import {openCheckpoint, parseCheckpoint, parseVerifier} from './note';

function hex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** RFC 6962 section 2.1, word for word. */
async function root(entries: Bytes[]): Promise<Bytes> {
  if (entries.length === 0) return sha256(new Uint8Array());
  if (entries.length === 1) return leafHash(entries[0]!);
  let k = 1;
  while (2 * k < entries.length) k *= 2;
  return nodeHash(await root(entries.slice(0, k)), await root(entries.slice(k)));
}

/** RFC 6962 section 2.1.1, word for word. */
async function path(m: number, entries: Bytes[]): Promise<Bytes[]> {
  if (entries.length === 1) return [];
  let k = 1;
  while (2 * k < entries.length) k *= 2;
  return m < k ? [...await path(m, entries.slice(0, k)), await root(entries.slice(k))]
    : [...await path(m - k, entries.slice(k)), await root(entries.slice(0, k))];
}

/** The eight entries that tests of Certificate Transparency use. */
const EIGHT = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(hex);
const ROOT_OF_EIGHT = '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328';

describe('Merkle trees', () => {
  it('have the published root', async () => {
    expect(toHex(await root(EIGHT))).toBe(ROOT_OF_EIGHT);
    expect(toHex(await rootFromPath(5n, 8n, await leafHash(EIGHT[5]!), await path(5, EIGHT)))).toBe(ROOT_OF_EIGHT);
  });

  it('give the root from every path, and another one from any other', async () => {
    for (let size = 1; size <= 20; ++size) {
      const entries = Array.from({length: size}, (_, i) => utf8(`entry ${i}`));
      const wanted = await root(entries);
      for (let i = 0; i < size; ++i) {
        const way = await path(i, entries), leaf = await leafHash(entries[i]!);
        expect(same(await rootFromPath(BigInt(i), BigInt(size), leaf, way), wanted)).toBe(true);
        const other = await leafHash(utf8('changed'));
        expect(same(await rootFromPath(BigInt(i), BigInt(size), other, way), wanted)).toBe(false);
        await expect(rootFromPath(BigInt(i), BigInt(size), leaf, [...way, leaf])).rejects.toThrow('too long');
        if (way.length > 0)
          await expect(rootFromPath(BigInt(i), BigInt(size), leaf, way.slice(1))).rejects.toThrow('too short');
      }
      await expect(rootFromPath(BigInt(size), BigInt(size), wanted, [])).rejects.toThrow('beyond');
    }
  });
});

describe('Ed25519', () => {
  // RFC 8032 section 7.1.
  const VECTORS = [
    ['d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b'],
    ['3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00'],
    ['fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025', 'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a'],
  ] as const;

  it('agrees with the vectors of RFC 8032, by WebCrypto and by itself', async () => {
    for (const [key, message, signature] of VECTORS)
      for (const way of [verify, verifyHere]) {
        expect(await way(hex(key), hex(message), hex(signature))).toBe(true);
        expect(await way(hex(key), hex(message + '00'), hex(signature))).toBe(false);
        const turned = hex(signature);
        turned[40]! ^= 1;
        expect(await way(hex(key), hex(message), turned)).toBe(false);
      }
  });

  it('is worked out where the browser does not have it', async () => {
    const {importKey} = crypto.subtle;
    crypto.subtle.importKey = () => Promise.reject(new DOMException('no such algorithm', 'NotSupportedError'));
    try {
      const [key, message, signature] = VECTORS[1];
      expect(await verify(hex(key), hex(message), hex(signature))).toBe(true);
      expect(await verify(hex(key), hex('73'), hex(signature))).toBe(false);
    } finally {
      crypto.subtle.importKey = importKey;
    }
  });

  it('refuses signatures with a second spelling, and what is no point', async () => {
    const [key, message, signature] = VECTORS[0];
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    const bytes = hex(signature);
    let s = 0n;
    for (let i = 63; i >= 32; --i) s = (s << 8n) | BigInt(bytes[i]!);
    s += L;
    for (let i = 32; i < 64; ++i, s >>= 8n) bytes[i] = Number(s & 255n);
    expect(await verifyHere(hex(key), hex(message), bytes)).toBe(false);
    expect(await verifyHere(new Uint8Array(32).fill(255), hex(message), hex(signature))).toBe(false);
    expect(await verifyHere(new Uint8Array(31), hex(message), hex(signature))).toBe(false);
  });
});

interface Log {key: string; proof: (index: number) => Promise<string>; sign: (text: string, name?: string) => Promise<string>}

/** A ledger of five entries, signed by a key of its own. */
async function log(): Promise<Log> {
  const pair = await crypto.subtle.generateKey({name: 'Ed25519'}, true, ['sign', 'verify']) as CryptoKeyPair;
  const raw = concat(Uint8Array.of(1), new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
  const name = 'example.org/ledger';
  const id = (await sha256(concat(utf8(name + '\n'), raw))).subarray(0, 4);
  const entries = Array.from({length: 5}, (_, i) => utf8(`{"actor":"anna","asset":"*","details":{},"index":${i},"kind":"x","time":"t"}`));
  const sign = async (text: string, by = name) => {
    const signature = new Uint8Array(await crypto.subtle.sign({name: 'Ed25519'}, pair.privateKey, utf8(text) as BufferSource));
    return `${text}\n\u2014 ${by} ${toBase64(concat(id, signature))}\n`;
  };
  const head = await sign(`${name}\n5\n${toBase64(await root(entries))}\n`);
  return {
    key: `${name}+${toHex(id)}+${toBase64(raw)}`, sign,
    proof: async (index) => ['c2sp.org/tlog-proof@v1', `extra ${toBase64(entries[index]!)}`, `index ${index}`,
      ...(await path(index, entries)).map(toBase64), '', head].join('\n'),
  };
}

describe('proofs of entries', () => {
  it('hold for every entry', async () => {
    const {key, proof} = await log();
    for (let i = 0; i < 5; ++i) {
      const verdict = await checkProof(await proof(i), key, BigInt(i));
      expect(verdict.steps.filter((step) => !step.holds)).toEqual([]);
      expect(verdict.holds).toBe(true);
      expect(verdict.entry).toContain(`"index":${i}`);
    }
  });

  it('do not hold for anything else, and say why', async () => {
    const {key, proof, sign} = await log();
    const good = await proof(3);
    const fails = async (text: string, why: string, expected = 3n, by = key) => {
      const verdict = await checkProof(text, by, expected);
      expect(verdict.holds).toBe(false);
      expect(verdict.steps.filter((step) => !step.holds).map((step) => step.detail).join(' ')).toContain(why);
    };
    const lines = good.split('\n');
    const swapped = (at: number, line: string) => [...lines.slice(0, at), line, ...lines.slice(at + 1)].join('\n');
    await fails(good, 'not of 2', 2n);
    await fails(swapped(1, 'extra ' + toBase64(utf8('{"index":3,"kind":"y"}'))), 'another root');
    await fails(swapped(2, 'index 4'), 'not of 3');
    await fails(swapped(3, toBase64(new Uint8Array(32))), 'another root');
    await fails(swapped(3, 'AAAA'), '32 bytes');
    await fails(good.replace('\n5\n', '\n6\n'), 'signature');
    await fails(good.slice(0, good.indexOf('\n\n')), 'cut off');
    await fails(good.slice(0, good.indexOf('\n\n') + 2), 'no signed note');
    await fails('nonsense', 'this is no proof');
    await fails(good, 'not signed by the key', 3n, (await log()).key);
    await fails(good.slice(0, good.indexOf('\n\n') + 2) + await sign('other\n5\nAAAA\n', 'other'), '32 bytes');
    await fails('x'.repeat(300_000), '256 KiB');
  });
});

describe('notes and keys', () => {
  it('are read strictly', async () => {
    const {key, sign} = await log();
    const verifier = await parseVerifier(key);
    await expect(parseVerifier(key.replace(/\+[0-9a-f]{8}\+/, '+00000000+'))).rejects.toThrow('id');
    await expect(parseVerifier('x')).rejects.toThrow('no key');
    const root = toBase64(new Uint8Array(32));
    expect((await openCheckpoint(await sign(`${verifier.name}\n7\n${root}\nextension\n`), verifier)).size).toBe(7n);
    await expect(openCheckpoint(await sign(`${verifier.name}\n07\n${root}\n`), verifier)).rejects.toThrow('no checkpoint');
    await expect(openCheckpoint('text', verifier)).rejects.toThrow('no signed note');
    expect(() => parseCheckpoint('a\n1\n')).toThrow();
    expect(() => fromBase64('AAB=')).toThrow('second spelling');
    expect(() => fromBase64('A')).toThrow();
  });
});
