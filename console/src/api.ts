/** Requests to the service. Every refusal is a problem document (RFC 9457), thrown as `Problem`. */

export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, sentence: string, readonly requestId: string) {
    super(sentence);
  }
}

/** What pages of other sites cannot send: the service asks for it wherever something is changed. */
const HEADERS = {'Bartizan-Console': '1'};

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body = await response.json() as {code?: string; detail?: string; request_id?: string};
    return new Problem(response.status, body.code ?? 'unknown', body.detail ?? response.statusText, body.request_id ?? '');
  } catch {
    return new Problem(response.status, 'unknown', response.statusText || `status ${response.status}`, '');
  }
}

async function ask(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = {method, credentials: 'same-origin', headers: {...HEADERS}};
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = {...HEADERS, 'Content-Type': 'application/json'};
  }
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (fault) {
    if (fault instanceof DOMException && fault.name === 'AbortError') throw fault;
    throw new Problem(0, 'no-connection', 'the server cannot be reached', '');
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return await (await ask('GET', path, undefined, signal)).json() as T;
}

export async function getText(path: string, signal?: AbortSignal): Promise<string> {
  return (await ask('GET', path, undefined, signal)).text();
}

export async function send<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<T> {
  return await (await ask(method, path, method === 'DELETE' ? undefined : body ?? {})).json() as T;
}

/** A part of a path: nothing in it leads elsewhere. */
export function part(text: string | number): string {
  return encodeURIComponent(String(text));
}
