/** Typed requests to the service: JSON in and out, problem documents as errors, one place for CSRF and retries. */

import { online } from '../online.svelte.ts';

/** RFC 9457, with the code and the remedy that the engine's errors carry. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  remedy?: string;
}

/** An answer that says no. status 0: no answer at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly remedy: string;

  constructor(status: number, problem: Problem) {
    super(problem.detail || problem.title || `The service answered ${status}.`);
    this.name = 'ApiError';
    this.status = status;
    this.code = problem.code ?? (status === 0 ? 'offline' : `http_${status}`);
    this.title = problem.title ?? '';
    this.remedy = problem.remedy ?? '';
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface Options {
  query?: Query;
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** The same key for every try of the same wish: the service then acts once. Made anew where it is `true`. */
  idempotency?: string | true;
}

export interface Page<T> {
  items: T[];
  next: string | null;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** One request; the answer as it came. Raises ApiError; an aborted request raises the signal's reason. */
export async function request(
  method: string,
  path: string,
  body?: BodyInit | object,
  options: Options = {},
): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json', ...options.headers });
  let payload: BodyInit | undefined;
  if (body instanceof Blob || body instanceof ArrayBuffer || ArrayBuffer.isView(body) || typeof body === 'string') {
    payload = body as BodyInit;
    if (!headers.has('Content-Type')) headers.set('Content-Type', 'application/octet-stream');
  } else if (body !== undefined) {
    payload = JSON.stringify(body);
    headers.set('Content-Type', 'application/json');
  }
  if (!SAFE.has(method)) headers.set('X-CSRFToken', csrf());
  if (options.idempotency) {
    headers.set('Idempotency-Key', options.idempotency === true ? newKey() : options.idempotency);
  }
  let response: Response;
  try {
    response = await fetch(address(path, options.query), {
      method,
      headers,
      body: payload,
      signal: options.signal,
      credentials: 'same-origin',
    });
  } catch (error) {
    if (options.signal?.aborted) throw options.signal.reason ?? error;
    online.set(false);
    throw new ApiError(0, {
      title: 'No connection',
      detail: 'The service can’t be reached.',
      remedy: 'Check the connection; what you changed is still here.',
    });
  }
  online.set(true);
  if (!response.ok) throw new ApiError(response.status, await problemOf(response));
  return response;
}

async function json<T>(method: string, path: string, body?: object, options?: Options): Promise<T> {
  const response = await request(method, path, body, options);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export const api = {
  get: <T>(path: string, options?: Options) => json<T>('GET', path, undefined, options),
  post: <T>(path: string, body: object = {}, options?: Options) => json<T>('POST', path, body, options),
  patch: <T>(path: string, body: object, options?: Options) => json<T>('PATCH', path, body, options),
  put: <T>(path: string, body: object, options?: Options) => json<T>('PUT', path, body, options),
  delete: <T = void>(path: string, options?: Options) => json<T>('DELETE', path, undefined, options),
  /** Bytes, for segments and previews. */
  async bytes(method: 'GET' | 'POST', path: string, body?: object, options?: Options): Promise<ArrayBuffer> {
    const accept = { Accept: 'application/octet-stream, audio/*, */*;q=0.1' };
    return (
      await request(method, path, body, { ...options, headers: { ...accept, ...options?.headers } })
    ).arrayBuffer();
  },
  /** Every item of a paged list, page after page. */
  async *each<T>(path: string, options: Options = {}): AsyncGenerator<T> {
    let after: string | null = null;
    do {
      const page: Page<T> = await json('GET', path, undefined, { ...options, query: { ...options.query, after } });
      yield* page.items;
      after = page.next;
    } while (after !== null);
  },
  /** Every item of a paged list, at once: for lists that are known to be short. */
  async all<T>(path: string, options: Options = {}): Promise<T[]> {
    const items: T[] = [];
    for await (const item of api.each<T>(path, options)) items.push(item);
    return items;
  },
};

/** What to tell a person about an error of any kind: what is wrong, and what to do. */
export function words(error: unknown): { message: string; remedy: string } {
  if (error instanceof ApiError) return { message: error.message, remedy: error.remedy };
  return { message: error instanceof Error ? error.message : String(error), remedy: '' };
}

/** True for a request that this page itself gave up. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  // randomUUID exists only where the page came by https or from this machine
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function address(path: string, query: Query = {}): string {
  const found = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  if (found.length === 0) return path;
  return `${path}?${new URLSearchParams(found.map(([name, value]) => [name, String(value)]))}`;
}

/** What shows the service that a request comes from its own page; another one after signing in. */
export function csrf(): string {
  return cookie('csrftoken');
}

function cookie(name: string): string {
  const found = document.cookie.split('; ').find((part) => part.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : '';
}

async function problemOf(response: Response): Promise<Problem> {
  try {
    const body: unknown = await response.json();
    if (typeof body === 'object' && body !== null) return body as Problem;
  } catch {
    // a proxy's page, not the service's: the status has to do
  }
  const title = response.status >= 500 ? 'The service failed' : 'The service refused this';
  return { title, detail: `${title} (${response.status}).` };
}
