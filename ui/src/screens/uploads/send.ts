/**
 * Sends a file in parts until all of it is there. Whatever happens on the way (no network, a server that is started
 * anew) it waits and goes on; what is there already is checked by its digest and not sent again.
 */

import { ApiError } from '../../api/client.ts';
import type { Upload } from '../../api/types.ts';
import { waitMs } from '../../events.ts';
import { type Part, partsOf } from './parts.ts';

/** What sending needs of the world. */
export interface Ports {
  show(id: string): Promise<Upload>;
  put(
    upload: Upload,
    part: Part,
    bytes: Blob,
    digest: string,
    signal: AbortSignal,
    onsent: (n: number) => void,
  ): Promise<void>;
  complete(id: string): Promise<Upload>;
  digest(part: Blob): Promise<string>;
  /** Wait so long, or until there is a reason to hope again. Raises when aborted. */
  rest(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Watch {
  signal: AbortSignal;
  /** Bytes of the file that are there or on their way. */
  onsent(bytes: number): void;
  /** Nothing goes: how it is being waited; null once it goes on. */
  onwaiting(error: ApiError | null): void;
  /** All parts are there. */
  onfinishing(): void;
}

/** Parts on their way at once: one is read while another is sent. More would lose more where a line breaks. */
const LANES = 2;
/** A part that arrives damaged this often is damaged by something that stays. */
const MOST_DAMAGED = 4;

/** Whether the same again may do. */
export function passing(error: unknown): error is ApiError {
  return (
    error instanceof ApiError &&
    (error.offline || error.status === 408 || error.status === 429 || error.status >= 500)
  );
}

/** Send what is missing, and complete. Raises ApiError for what the service refuses, FileGone, the signal's reason. */
export async function send(id: string, file: Blob, ports: Ports, watch: Watch): Promise<Upload> {
  for (let round = 1; ; round += 1) {
    let upload = await patiently(() => ports.show(id), ports, watch);
    if (upload.state === 'open') {
      await sendParts(upload, file, ports, watch);
      watch.onfinishing();
      try {
        upload = await patiently(() => ports.complete(id), ports, watch);
      } catch (error) {
        // parts were lost on the other side: look what is there and send the rest
        if (error instanceof ApiError && error.status === 409 && round < 3) continue;
        throw error;
      }
    } else if (upload.state === 'assembling') upload = await patiently(() => ports.complete(id), ports, watch);
    if (upload.state === 'done') return upload;
    throw new ApiError(409, { detail: 'The upload was given up.', remedy: 'Send the file again.' });
  }
}

async function sendParts(upload: Upload, file: Blob, ports: Ports, watch: Watch): Promise<void> {
  const there = new Map(upload.parts.map((part) => [part.number, part.sha256]));
  const todo = partsOf(upload.bytes, upload.part_bytes);
  const sent = new Map<number, number>();
  // one that fails stops the others
  const failed = new AbortController();
  const signal = AbortSignal.any([watch.signal, failed.signal]);
  const tell = (part: Part, bytes: number) => {
    sent.set(part.number, Math.min(bytes, part.end - part.start));
    watch.onsent([...sent.values()].reduce((sum, each) => sum + each, 0));
  };

  async function lane(): Promise<void> {
    for (let part = todo.shift(); part; part = todo.shift()) {
      const one = part;
      signal.throwIfAborted();
      const bytes = file.slice(one.start, one.end);
      const digest = await ports.digest(bytes);
      signal.throwIfAborted();
      if (there.get(one.number) !== digest) {
        const put = () => ports.put(upload, one, bytes, digest, signal, (count) => tell(one, count));
        await patiently(put, ports, { ...watch, signal }, () => tell(one, 0));
      }
      tell(one, one.end - one.start);
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(LANES, todo.length) }, lane));
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}

/** Try until it is answered, longer apart each time. */
async function patiently<T>(
  act: () => Promise<T>,
  ports: Pick<Ports, 'rest'>,
  watch: Pick<Watch, 'signal' | 'onwaiting'>,
  again?: () => void,
): Promise<T> {
  let failures = 0;
  let damaged = 0;
  for (;;) {
    watch.signal.throwIfAborted();
    try {
      const answer = await act();
      if (failures > 0) watch.onwaiting(null);
      return answer;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'part_damaged' && ++damaged < MOST_DAMAGED) {
        again?.();
        continue;
      }
      if (!passing(error)) throw error;
      failures += 1;
      again?.();
      watch.onwaiting(error);
      await ports.rest(waitMs(failures), watch.signal);
    }
  }
}
