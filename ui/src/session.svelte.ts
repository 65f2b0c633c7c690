/** Who is here. Loaded once; set anew after signing in or out. */

import { ApiError, api } from './api/client.ts';
import type { Me } from './api/types.ts';

class Session {
  me = $state<Me | null>(null);
  known = $state(false);
  #asked: Promise<Me | null> | null = null;

  /** Who is here, or null; asked from the service once. */
  load(): Promise<Me | null> {
    this.#asked ??= this.refresh();
    return this.#asked;
  }

  async refresh(): Promise<Me | null> {
    try {
      this.me = await api.get<Me>('/api/me');
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) {
        this.#asked = null; // not known: ask again the next time
        throw error;
      }
      this.me = null;
    }
    this.known = true;
    return this.me;
  }
}

export const session = new Session();
