/** The service's events, as they happen: job, audio, master, song, delivery. */

import { address } from './api/client.ts';
import { online } from './online.svelte.ts';

export type Handlers = Record<string, (body: never) => void>;

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** Wait longer after each failure, up to half a minute. */
export function waitMs(failures: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.max(0, failures - 1));
}

/**
 * Listen until the returned function is called.
 * on: by kind. opened: called each time the line stands (again), so that what was missed can be fetched.
 */
export function listen(on: Handlers, { song, opened }: { song?: string; opened?: () => void } = {}): () => void {
  let source: EventSource | null = null;
  let last: string | null = null;
  let failures = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  function open(): void {
    source = new EventSource(address('/api/events', { song, after: last }));
    source.onopen = () => {
      failures = 0;
      online.set(true);
      opened?.();
    };
    source.onerror = () => {
      source?.close(); // its own retry knows no patience and gives up on an error page
      if (stopped) return;
      failures += 1;
      timer = setTimeout(open, waitMs(failures));
    };
    for (const [kind, handle] of Object.entries(on)) {
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) last = event.lastEventId;
        handle(JSON.parse(event.data) as never);
      });
    }
  }

  function soon(): void {
    if (stopped || source?.readyState === EventSource.OPEN) return;
    clearTimeout(timer);
    source?.close();
    open();
  }

  addEventListener('online', soon);
  open();
  return () => {
    stopped = true;
    clearTimeout(timer);
    removeEventListener('online', soon);
    source?.close();
  };
}
