/** What was proposed for which controls and references, so that going back asks nothing. */

import type { Audio, MasterDetail, Proposal } from '../api/types.ts';
import type { FullIntent } from './choices.ts';

const KEPT = 50;

export class Proposals {
  readonly #known = new Map<string, Proposal>();

  get(intent: FullIntent, led: string): Proposal | undefined {
    return this.#known.get(keyOf(intent, led));
  }

  put(intent: FullIntent, led: string, proposal: Proposal): void {
    const key = keyOf(intent, led);
    this.#known.delete(key);
    this.#known.set(key, proposal);
    for (const old of this.#known.keys()) {
      if (this.#known.size <= KEPT) break;
      this.#known.delete(old);
    }
  }
}

/** What a version was made by, as a proposal; null for one whose recipe was given. */
export function ofMaster(version: MasterDetail): Proposal | null {
  if (!version.recipe || version.recipe_given) return null;
  const { recipe, decisions, shortfalls } = version;
  const integrated_lufs = version.measurements?.integrated_lufs ?? null;
  return { recipe, decisions, shortfalls, state: 'exact', integrated_lufs };
}

const keyOf = (intent: FullIntent, led: string) => `${JSON.stringify(intent)} ${led}`;

const text = (led: readonly (readonly [string, number])[]) =>
  JSON.stringify(led.filter(([, weight]) => weight > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** The references that lead a song now, as text to compare. */
export function ledBy(references: readonly Audio[]): string {
  return text(
    references.filter((audio) => audio.state === 'ready').map((audio) => [audio.id, audio.weight] as const),
  );
}

/** The references that led a version. */
export function leading(version: MasterDetail): string {
  return text(version.references.map((reference) => [reference.audio_id, reference.weight] as const));
}
