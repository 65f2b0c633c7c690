/** States that can be gone back to. */

const LONGEST = 200;

export interface History<T> {
  past: readonly T[];
  now: T;
  future: readonly T[];
}

export const begin = <T>(now: T): History<T> => ({ past: [], now, future: [] });

/** A new state. replace: the last one was only on the way here (a knob being turned). */
export function step<T>(history: History<T>, now: T, replace = false): History<T> {
  if (replace) return { ...history, now, future: [] };
  return { past: [...history.past, history.now].slice(-LONGEST), now, future: [] };
}

export function back<T>(history: History<T>): History<T> {
  const now = history.past.at(-1);
  if (now === undefined) return history;
  return { past: history.past.slice(0, -1), now, future: [history.now, ...history.future] };
}

export function forth<T>(history: History<T>): History<T> {
  const [now, ...future] = history.future;
  if (now === undefined) return history;
  return { past: [...history.past, history.now], now, future };
}
