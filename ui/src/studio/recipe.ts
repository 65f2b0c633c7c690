/** What a person's own settings do to a recipe, and how its settings are laid out for the expert. */

import type {
  JsonSchema,
  KnobSpec,
  Measurements,
  ParamValue,
  Processor,
  Recipe,
  StepParams,
} from '../api/types.ts';

/** Settings that a person set by hand: of a step, by name; they hold whatever else is proposed. */
export type Own = Readonly<Record<string, StepParams>>;

/** A recipe with a person's settings laid over it and the bypassed steps switched off. */
export function applied(recipe: Recipe, own: Own, bypass: readonly string[]): Recipe {
  return {
    ...recipe,
    steps: recipe.steps.map((step) => ({
      ...step,
      params: { ...step.params, ...own[step.id] },
      enabled: step.enabled && !bypass.includes(step.id),
    })),
  };
}

/** What a recipe is expected to come to: the loudness it was driven to, moved by what was changed by hand since. */
export function expectedLufs(
  proposal: { recipe: Recipe; integrated_lufs: number | null } | null,
  proposed: Recipe,
  now: Recipe,
  mix: Measurements | null,
): number | null {
  const goal = maximiser(proposed);
  const current = maximiser(now);
  if (!current?.enabled || !goal) return mix?.integrated_lufs ?? null;
  const known = proposal?.recipe === proposed ? proposal.integrated_lufs : null;
  const asked = known ?? goal.because.find((because) => 'lufs' in because.evidence)?.evidence.lufs;
  const before = mix?.integrated_lufs ?? null;
  const drive = Number(current.params.drive_db ?? 0);
  if (asked === undefined) return before === null ? null : before + drive;
  return asked + drive - Number(goal.params.drive_db ?? 0);
}

export function expectedPeak(now: Recipe, mix: Measurements | null): number | null {
  const current = maximiser(now);
  return current?.enabled ? Number(current.params.ceiling_dbtp ?? 0) : (mix?.true_peak_dbtp ?? null);
}

function maximiser(recipe: Recipe) {
  return recipe.steps.find((step) => step.kind === 'maximiser');
}

/** One thing that can be set, as the processor declares it. */
export type Entry =
  | { is: 'knob'; name: string; spec: KnobSpec }
  | { is: 'choice'; name: string; help: string; options: (string | number)[] }
  | { is: 'switch'; name: string; help: string }
  | { is: 'list'; name: string; help: string; entries: Entry[]; fresh: StepParams }
  | { is: 'other'; name: string; help: string };

/** The settings of a processor in their order, from its JSON schema. */
export function entries(processor: Processor): Entry[] {
  return ofSchema(processor.schema, processor.schema.$defs ?? {});
}

function ofSchema(schema: JsonSchema, defs: Record<string, JsonSchema>): Entry[] {
  return Object.entries(schema.properties ?? {}).map(([name, each]) => entry(name, resolved(each, defs), defs));
}

function entry(name: string, schema: JsonSchema, defs: Record<string, JsonSchema>): Entry {
  const help = schema.description ?? '';
  if (typeof schema.low === 'number' && typeof schema.high === 'number') {
    const { low, high } = schema as { low: number; high: number };
    const spec: KnobSpec = {
      name,
      low,
      high,
      help,
      default: Number(schema.default ?? low),
      unit: String(schema.unit ?? ''),
      step: Number(schema.step ?? 0.1),
      scale: schema.scale === 'log' ? 'log' : 'linear',
    };
    return { is: 'knob', name, spec };
  }
  if (schema.enum) return { is: 'choice', name, help, options: schema.enum };
  if (schema.type === 'boolean') return { is: 'switch', name, help };
  if (schema.type === 'array' && schema.items) {
    const item = resolved(schema.items, defs);
    if (item.properties) return { is: 'list', name, help, entries: ofSchema(item, defs), fresh: defaults(item) };
  }
  return { is: 'other', name, help };
}

function resolved(schema: JsonSchema, defs: Record<string, JsonSchema>): JsonSchema {
  const found = schema.$ref ? defs[schema.$ref.split('/').at(-1) ?? ''] : undefined;
  return found ? { ...found, ...schema } : schema;
}

function defaults(schema: JsonSchema): StepParams {
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, each]) => [name, (each.default ?? null) as ParamValue]),
  );
}
