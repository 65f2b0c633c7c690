/** What this service is set to: what is asked before anybody is signed in. */

import { api } from '../api/client.ts';

export interface Setup {
  needs_owner: boolean;
  signup: boolean;
  visitors: boolean;
  visitor_hours: number;
  providers: string[];
}

let asked: Promise<Setup> | null = null;

/** Asked once; a failure is not remembered. */
export function loadSetup(): Promise<Setup> {
  asked ??= api.get<Setup>('/api/setup').catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** The first account was made: what was asked holds no longer. */
export function forgetSetup(): void {
  asked = null;
}
