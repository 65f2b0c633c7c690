/** What a person has chosen for a song, and what that means for the recipe. Plain data, so it can be undone. */

import type { Intent, MasterDetail, Recipe, Controls as Specs } from '../api/types.ts';
import type { Own } from './recipe.ts';

/** The controls with nothing left out. */
export type FullIntent = Required<Intent> & {
  character: Record<string, number>;
  match: Record<string, number>;
};

export interface Choices {
  intent: FullIntent;
  /** Settings set by hand, over whatever is proposed. */
  own: Own;
  /** Steps switched off. */
  bypass: readonly string[];
  /** A recipe that was given instead of decided; null once a control has been touched. */
  given: Recipe | null;
}

/** An intent with every control in it, as declared where it says nothing. */
export function full(intent: Intent, specs: Specs): FullIntent {
  const defaults = (knobs: Specs['character']) =>
    Object.fromEntries(knobs.map((spec) => [spec.name, spec.default]));
  return {
    target: intent.target ?? 'streaming',
    lufs: intent.lufs ?? null,
    ceiling_dbtp: intent.ceiling_dbtp ?? null,
    character: { ...defaults(specs.character), ...intent.character },
    match: { ...defaults(specs.match), ...intent.match },
    amount: intent.amount ?? specs.amount.default,
    keep: [...(intent.keep ?? [])].sort(),
    mode: intent.mode ?? 'master',
  };
}

/** The choices that made a version. */
export function ofVersion(master: MasterDetail, specs: Specs): Choices {
  const off = master.recipe?.steps.filter((step) => !step.enabled).map((step) => step.id) ?? [];
  return {
    intent: full(master.intent, specs),
    own: {},
    bypass: master.recipe_given ? off : [],
    given: master.recipe_given ? master.recipe : null,
  };
}

export function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What is sent to order a version: the controls, or a recipe where something was set by hand. */
export function order(choices: Choices, recipe: Recipe | null): { intent: Intent; recipe?: Recipe } {
  const byHand = choices.given !== null || Object.keys(choices.own).length > 0 || choices.bypass.length > 0;
  return byHand && recipe ? { intent: choices.intent, recipe } : { intent: choices.intent };
}
