/** One thing that a form or a button asks for: whether it is under way, and what was wrong with it. */

import { AuthError } from '../api/auth.ts';
import { words } from '../api/client.ts';

export class Wish {
  busy = $state(false);
  message = $state('');
  fields = $state.raw<Readonly<Record<string, string>>>({});

  /** Do it, unless it is being done. Gives whether it went well; what went wrong is kept here, in words. */
  async run(act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.message = '';
    this.fields = {};
    try {
      await act();
      return true;
    } catch (error) {
      this.fields = error instanceof AuthError ? error.fields : {};
      const { message, remedy } = words(error);
      // what is said at a field is not said twice
      this.message = Object.values(this.fields).includes(message)
        ? ''
        : [message, remedy].filter(Boolean).join(' ');
      return false;
    } finally {
      this.busy = false;
    }
  }
}
