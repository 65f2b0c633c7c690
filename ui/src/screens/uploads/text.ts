/** What is plainly no sound is refused before it is sent. Everything else is for the service to tell. */

import { ApiError } from '../../api/client.ts';

export class NoSound extends ApiError {
  constructor(filename: string) {
    super(415, { detail: `${filename} holds text, no sound.`, remedy: 'Choose the mix itself.' });
  }
}

const HEAD_BYTES = 4_096;

/** Whether a file begins as text does: without control characters, in UTF-8. Every sound file has some in its head. */
export async function holdsText(file: Blob): Promise<boolean> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const control = head.some((byte) => byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d);
  if (head.length === 0 || control) return false;
  try {
    // a letter may be cut where the head ends
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return true;
  } catch {
    return false;
  }
}
