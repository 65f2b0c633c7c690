/** Digests of parts, by one worker for the page. */

let worker: Worker | null = null;
let next = 0;
const waiting = new Map<number, { done: (digest: string) => void; failed: (error: Error) => void }>();

/** The file can't be read any more: it was moved, changed or unplugged since it was chosen. */
export class FileGone extends Error {
  constructor() {
    super('The file can’t be read any more.');
    this.name = 'FileGone';
  }
}

/** SHA-256 of a part, 64 hexadecimal digits. Raises FileGone. */
export function digestOf(part: Blob): Promise<string> {
  worker ??= begin();
  const id = next++;
  return new Promise((done, failed) => {
    waiting.set(id, { done, failed });
    worker?.postMessage({ id, part });
  });
}

function begin(): Worker {
  const made = new Worker(new URL('./hash.worker.ts', import.meta.url), { type: 'module' });
  made.onmessage = ({ data }: MessageEvent<{ id: number; digest?: string; fault?: string }>) => {
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.digest) asked?.done(data.digest);
    else asked?.failed(new FileGone());
  };
  made.onerror = () => {
    for (const asked of waiting.values()) asked.failed(new Error('The file’s digest could not be computed.'));
    waiting.clear();
    worker = null;
  };
  return made;
}
