import {afterEach, expect, it, vi} from 'vitest';
import {get, part, Problem, send} from './api';
import {may, Roles, Session} from './session';
import {advance} from './live';

function answers(status: number, body: unknown, type = 'application/json') {
  const asked = vi.fn(() => Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body),
    {status, headers: {'Content-Type': type}})));
  vi.stubGlobal('fetch', asked);
  return asked as unknown as {mock: {calls: [string, RequestInit][]}};
}
afterEach(() => vi.unstubAllGlobals());

it('sends what other sites cannot: the header of the console', async () => {
  const asked = answers(200, {done: true});
  expect(await send('PUT', '/v1/x', {a: 1})).toEqual({done: true});
  const [path, init] = asked.mock.calls[0]!;
  expect([path, init.method, init.body, init.credentials]).toEqual(['/v1/x', 'PUT', '{"a":1}', 'same-origin']);
  expect(init.headers).toMatchObject({'Bartizan-Console': '1', 'Content-Type': 'application/json'});
});

it('gives DELETE no body', async () => {
  const asked = answers(200, {});
  await send('DELETE', '/v1/x');
  expect(asked.mock.calls[0]![1].body).toBeUndefined();
});

it('throws problems with their code, and something readable for anything else', async () => {
  answers(403, {code: 'denied', detail: 'you may not', request_id: 'ab'}, 'application/problem+json');
  await expect(get('/v1/x')).rejects.toMatchObject({status: 403, code: 'denied', message: 'you may not', requestId: 'ab'});
  answers(502, '<html>bad gateway</html>', 'text/html');
  await expect(get('/v1/x')).rejects.toMatchObject({status: 502, code: 'unknown'});
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('failed')));
  await expect(get('/v1/x')).rejects.toBeInstanceOf(Problem);
  await expect(get('/v1/x')).rejects.toMatchObject({code: 'no-connection'});
});

it('keeps parts of paths to themselves', () => {
  expect(part('../a?b#c/d')).toBe('..%2Fa%3Fb%23c%2Fd');
});

it('knows what one may do, as the service does', () => {
  const roles: Roles = {viewer: {models: ['see'], data: ['see']}, 'ml-engineer': {models: ['see', 'promote'], data: ['see']}};
  const session = (grants: string[], scopes: string[] = [], all: string[] = []): Session =>
    ({name: 'x', kind: 'person', grants, scopes, expires: null, method: 'session', may: all});
  const check = (who: Session, permission: string, object?: string) => may({session: who, roles}, permission, object);
  expect(check(session(['ml-engineer@model:m']), 'promote', 'model:m')).toBe(true);
  expect(check(session(['ml-engineer@model:m']), 'promote', 'model:n')).toBe(false);
  expect(check(session(['ml-engineer@model:*']), 'promote', 'model:n')).toBe(true);
  expect(check(session(['ml-engineer@model:*']), 'promote', 'data:d')).toBe(false);
  expect(check(session(['ml-engineer@*']), 'promote', 'data:d')).toBe(false);
  expect(check(session(['viewer@*', 'none@*']), 'promote', 'model:m')).toBe(false);
  expect(check(session(['ml-engineer@*'], ['viewer@*']), 'promote', 'model:m')).toBe(false);
  expect(check(session([], [], ['see']), 'see')).toBe(true);
});

it('keeps a few minutes of what it hears, and no more', () => {
  let live = {connected: false, seconds: [], alerts: [], incidents: [], detectors: null, changes: 0} as Parameters<typeof advance>[0];
  for (let i = 0; i < 500; ++i) live = advance(live, 'traffic', {at: i, models: [], ledger_entries: i});
  expect(live.connected).toBe(true);
  expect([live.seconds.length, live.seconds.at(-1)!.at]).toEqual([180, 499]);
  for (let i = 0; i < 300; ++i) live = advance(live, 'alert', {number: i});
  expect([live.alerts.length, live.alerts[0]!.number]).toEqual([100, 299]);
  expect(advance(live, 'changed', {epoch: 3}).changes).toBe(1);
  expect(advance(live, 'unheard-of', {})).toBe(live);
});
