/** Coming in and going out: who is here is asked anew, and the page goes where it was meant to. */

import { ask } from '../api/auth.ts';
import { router } from '../router.svelte.ts';
import { session } from '../session.svelte.ts';
import { isServed, nextPath } from './next.ts';

export async function entered(): Promise<void> {
  await session.refresh();
  const next = nextPath(location.search);
  if (isServed(next)) location.assign(next);
  else router.go(next, { replace: true });
}

export async function leave(): Promise<void> {
  await ask('DELETE', '/auth/session');
  location.assign('/'); // nothing of who was here stays in this page
}
