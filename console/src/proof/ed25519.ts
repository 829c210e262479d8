/**
 * Ed25519 signatures (RFC 8032): by WebCrypto where the browser has it, else worked out here, with SHA-512 of WebCrypto.
 * Only public values pass through, so nothing needs to take the same time always.
 */
import {Bytes, concat, sha512} from './bytes';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

function mod(a: bigint): bigint {
  const rest = a % P;
  return rest < 0n ? rest + P : rest;
}

function power(base: bigint, exponent: bigint): bigint {
  let out = 1n, square = mod(base);
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) out = mod(out * square);
    square = mod(square * square);
  }
  return out;
}

const D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

/** Extended coordinates: x = X/Z, y = Y/Z, T = XY/Z. */
interface Point {x: bigint; y: bigint; z: bigint; t: bigint}

function add(a: Point, b: Point): Point {
  const e = mod((a.y - a.x) * (b.y - b.x)), f = mod((a.y + a.x) * (b.y + b.x));
  const g = mod(2n * a.t * b.t * D), h = mod(2n * a.z * b.z);
  const m = f - e, n = h - g, o = h + g, p = f + e;
  return {x: mod(m * n), y: mod(o * p), z: mod(n * o), t: mod(m * p)};
}

function times(point: Point, scalar: bigint): Point {
  let out: Point = {x: 0n, y: 1n, z: 1n, t: 0n}, double = point;
  for (let left = scalar; left > 0n; left >>= 1n) {
    if (left & 1n) out = add(out, double);
    double = add(double, double);
  }
  return out;
}

function number(bytes: Bytes): bigint {
  let out = 0n;
  for (let i = bytes.length - 1; i >= 0; --i) out = (out << 8n) | BigInt(bytes[i]!);
  return out;
}

/** RFC 8032 section 5.1.3; null: not the encoding of a point. */
function decode(bytes: Bytes): Point | null {
  const whole = number(bytes);
  const sign = whole >> 255n, y = whole & ((1n << 255n) - 1n);
  if (y >= P) return null;
  const u = mod(y * y - 1n), v = mod(D * y * y + 1n);
  let x = mod(u * power(v, 3n) * power(mod(u * power(v, 7n)), (P - 5n) / 8n));
  const check = mod(v * x * x);
  if (check === mod(-u)) x = mod(x * ROOT_OF_MINUS_ONE);
  else if (check !== u) return null;
  if (x === 0n && sign === 1n) return null;
  if ((x & 1n) !== sign) x = P - x;
  return {x, y, z: 1n, t: mod(x * y)};
}

function equal(a: Point, b: Point): boolean {
  return mod(a.x * b.z - b.x * a.z) === 0n && mod(a.y * b.z - b.y * a.z) === 0n;
}

const BASE_Y = mod(4n * power(5n, P - 2n));
const BASE = decode(Uint8Array.from({length: 32}, (_, i) => Number((BASE_Y >> BigInt(8 * i)) & 255n)))!;

/** Without WebCrypto's Ed25519. */
export async function verifyHere(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (key.length !== 32 || signature.length !== 64) return false;
  const a = decode(key), r = decode(signature.subarray(0, 32)), s = number(signature.subarray(32));
  if (a === null || r === null || s >= L) return false;
  const k = number(await sha512(concat(signature.subarray(0, 32), key, message))) % L;
  return equal(times(BASE, s), add(r, times(a, k)));
}

export async function verify(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  let known: CryptoKey;
  try {
    known = await crypto.subtle.importKey('raw', key as BufferSource, {name: 'Ed25519'}, false, ['verify']);
  } catch {
    return verifyHere(key, message, signature);
  }
  return crypto.subtle.verify({name: 'Ed25519'}, known, signature as BufferSource, message as BufferSource);
}
