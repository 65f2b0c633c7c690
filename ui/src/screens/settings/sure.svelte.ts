/** Changes that only the person themselves may make: they are asked who they are, unless they were lately. */

import { type Answer, ask, type Flow } from '../../api/auth.ts';

class Sure {
  /** What would show who it is; null while nobody is asked. */
  flows = $state.raw<readonly Flow[] | null>(null);
  #answered: ((yes: boolean) => void) | null = null;

  /** As ask, with a question in between where need be. Raises where it is not answered. */
  async ask<T>(...order: Parameters<typeof ask>): Promise<Answer<T>> {
    for (;;) {
      const answer = await ask<T>(...order);
      const flows = answer.flows.filter((flow) => flow.id.endsWith('reauthenticate'));
      if (answer.status !== 401 || flows.length === 0) return answer;
      const yes = await new Promise<boolean>((done) => {
        this.#answered = done;
        this.flows = flows;
      });
      if (!yes) throw new Error('This was not done: it needs you to show that it is you.');
    }
  }

  answer(yes: boolean): void {
    this.flows = null;
    this.#answered?.(yes);
    this.#answered = null;
  }
}

export const sure = new Sure();
