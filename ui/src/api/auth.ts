/** Signing in and up, second factors, sessions: what /api/auth (django-allauth, headless) speaks. */

import { online } from '../online.svelte.ts';
import { ApiError, csrf } from './client.ts';

const ROOT = '/api/auth/browser/v1';

/** A step that may or must come next. types: the second factors that would do. */
export interface Flow {
  id: string;
  is_pending?: boolean;
  types?: string[];
}

/** status 200: done. 401: not yet; pending is the step that is waited for. */
export interface Answer<T = unknown> {
  status: number;
  data: T;
  meta: Record<string, unknown>;
  flows: Flow[];
  pending: string | null;
}

interface Said {
  data?: unknown;
  meta?: Record<string, unknown>;
  errors?: { code: string; message: string; param?: string }[];
}

/** What is wrong with a form: fields by their names, and a message for the rest. */
export class AuthError extends ApiError {
  readonly fields: Record<string, string>;

  constructor(status: number, errors: NonNullable<Said['errors']>) {
    const loose = errors.filter((error) => !error.param).map((error) => error.message);
    const [first] = errors;
    super(status, {
      detail: loose.join(' ') || first?.message || 'This was refused.',
      code: first?.code ?? 'refused',
    });
    this.fields = Object.fromEntries(
      errors.flatMap((error) => (error.param ? [[error.param, error.message]] : [])),
    );
  }
}

const WORDS: Record<number, [string, string]> = {
  403: ['This is closed here.', 'Ask whoever runs this service.'],
  409: ['This step is over.', 'Begin again.'],
  429: ['That was too often.', 'Wait a few minutes, then try again.'],
};

/** One request. Gives what was answered where it is done or goes on; raises AuthError and ApiError for the rest. */
export async function ask<T = unknown>(
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  let response: Response;
  try {
    // the page brings the cookie along, but it may have been cleared, or come from the dev server
    if (method !== 'GET' && !csrf()) await fetch('/api/setup');
    response = await fetch(ROOT + path, {
      method,
      headers: {
        Accept: 'application/json',
        'Content-Type': 'application/json',
        'X-CSRFToken': csrf(),
        ...headers,
      },
      body: body && JSON.stringify(body),
      credentials: 'same-origin',
    });
  } catch {
    online.set(false);
    throw new ApiError(0, {
      detail: 'The service can’t be reached.',
      remedy: 'Check the connection and try again.',
    });
  }
  online.set(true);
  const said = (await response.json().catch(() => ({}))) as Said;
  return judged<T>(response.status, said);
}

/** An answer as it is, or an error raised. */
export function judged<T>(status: number, said: Said): Answer<T> {
  const flows = (said.data as { flows?: Flow[] } | undefined)?.flows ?? [];
  const going = status === 401 && (flows.length > 0 || said.meta !== undefined);
  if (status < 400 || going || (status === 404 && said.meta)) {
    const pending = flows.find((flow) => flow.is_pending)?.id ?? null;
    return { status, data: said.data as T, meta: said.meta ?? {}, flows, pending };
  }
  if (said.errors?.length) throw new AuthError(status, said.errors);
  const [detail, remedy] = WORDS[status] ?? [`The service answered ${status}.`, 'Try again.'];
  throw new ApiError(status, { detail, remedy });
}
