/** Sends one part. By XMLHttpRequest, because fetch does not tell how much has been sent. */

import { ApiError, csrf, type Problem } from '../../api/client.ts';
import { online } from '../../online.svelte.ts';

interface Order {
  path: string;
  part: Blob;
  digest: string;
  signal: AbortSignal;
  /** Bytes of this part that have left. */
  onsent: (bytes: number) => void;
}

const SILENCE_MS = 60_000;

/** Raises ApiError; an aborted one raises the signal's reason. */
export function putPart({ path, part, digest, signal, onsent }: Order): Promise<void> {
  return new Promise((done, failed) => {
    const sending = new XMLHttpRequest();
    const stop = () => sending.abort();
    // a line that says nothing for a minute is dead, though nobody has told the browser
    let watch = setTimeout(stop, SILENCE_MS);
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(stop, SILENCE_MS);
    };
    const over = () => {
      clearTimeout(watch);
      signal.removeEventListener('abort', stop);
    };
    const lost = () => {
      over();
      if (signal.aborted) return failed(signal.reason);
      online.set(false);
      failed(new ApiError(0, { detail: 'The connection is lost.' }));
    };
    sending.open('PUT', path);
    sending.responseType = 'json';
    sending.setRequestHeader('Content-Type', 'application/octet-stream');
    sending.setRequestHeader('Content-SHA256', digest);
    sending.setRequestHeader('X-CSRFToken', csrf());
    sending.upload.onprogress = (event) => {
      heard();
      onsent(event.loaded);
    };
    sending.onload = () => {
      over();
      online.set(true);
      if (sending.status < 300) done();
      else failed(new ApiError(sending.status, (sending.response as Problem | null) ?? {}));
    };
    sending.onerror = sending.onabort = lost;
    signal.addEventListener('abort', stop);
    sending.send(part);
  });
}
