/**
 * The sound of the controls as they stand: a change is proposed, its window rendered by the engine and heard in place,
 * then the exact loudness is found behind it. The newest wish wins; what is late is dropped.
 */

import { api, isAbort, newKey, words } from '../api/client.ts';
import type {
  Audio,
  Intent,
  MasterDetail,
  Measurements,
  ParamValue,
  Proposal,
  Recipe,
  Controls as Specs,
  StepParams,
} from '../api/types.ts';
import { LIVE, type Player } from '../player/player.svelte.ts';
import { type Choices, type FullIntent, full, ofVersion, order, same } from './choices.ts';
import { back, begin, forth, type History, step } from './history.ts';
import { Previews } from './previews.ts';
import { leading, ledBy, ofMaster, Proposals } from './proposals.ts';
import { applied, expectedLufs, expectedPeak } from './recipe.ts';

export interface Audition {
  step: string;
  kind: 'only' | 'delta';
}

type Stage = 'rest' | 'asking' | 'rendering' | 'heard' | 'settling' | 'settled' | 'failed';

const PAUSE_MS = 30; // a knob being turned tells more often than it can be rendered
const SAVE_MS = 1_000;
const WATCH_MS = 250;
/** The loudness is sought once the controls have rested: it takes the room that previews need. */
const REST_MS = 600;
const DRIVE_HEARD_DB = 0.05;

export class Live {
  stage = $state<Stage>('rest');
  trouble = $state('');
  proposal = $state.raw<Proposal | null>(null);
  audition = $state.raw<Audition | null>(null);
  /** From the last change to its sound. */
  heardAfter_ms = $state<number | null>(null);
  #history = $state.raw<History<Choices> | null>(null);
  #base = $state.raw<Choices | null>(null);
  /** The references that lead the song now, and those that led the version: as text, to compare. */
  #led = $state('');
  #baseLed = $state('');

  readonly #player: Player;
  readonly #specs: Specs;
  readonly #songId: string;
  readonly #under: () => { id: string; recipe: Recipe | null } | null;
  readonly #mix: () => Measurements | null;
  /** The service drops what this page asked for before. */
  readonly #listener = { 'Tonewright-Listener': newKey() };
  readonly #proposals = new Proposals();
  readonly #previews: Previews;
  #run: AbortController | null = null;
  /** What is fetched to go on sounding, beside a run that may still be seeking the exact loudness. */
  #more: AbortController | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #save: ReturnType<typeof setTimeout> | undefined;
  readonly #watch: ReturnType<typeof setInterval>;
  #changedAt: number | null = null;
  /** The last change was a knob on its way. */
  #moving = false;

  constructor(options: {
    player: Player;
    specs: Specs;
    songId: string;
    /** The version around the preview, and its recipe. */
    under: () => { id: string; recipe: Recipe | null } | null;
    mix: () => Measurements | null;
  }) {
    this.#player = options.player;
    this.#specs = options.specs;
    this.#songId = options.songId;
    this.#under = options.under;
    this.#mix = options.mix;
    this.#previews = new Previews(options.player, options.songId, this.#listener);
    this.#watch = setInterval(() => this.#extend(), WATCH_MS);
  }

  close(): void {
    clearInterval(this.#watch);
    this.#abort();
    if (this.#save !== undefined) this.#store();
  }

  get choices(): Choices | null {
    return this.#history?.now ?? null;
  }
  get canUndo(): boolean {
    return (this.#history?.past.length ?? 0) > 0;
  }
  get canRedo(): boolean {
    return (this.#history?.future.length ?? 0) > 0;
  }
  /** Changed since the version it began from. */
  get changed(): boolean {
    if (this.#base === null) return false;
    return !same(this.choices, this.#base) || (this.#led !== this.#baseLed && this.choices?.given === null);
  }

  /** The recipe of the controls as they stand, as far as it is known. */
  get recipe(): Recipe | null {
    const choices = this.choices;
    const source = this.#source;
    return choices && source ? applied(source, choices.own, choices.bypass) : null;
  }

  /** Before a person's own settings. */
  get #source(): Recipe | null {
    return this.choices?.given ?? this.proposal?.recipe ?? null;
  }

  /** Begin from a version, with the controls as the song has them stored. */
  start(stored: Intent, version: MasterDetail | null, references: readonly Audio[]): void {
    const intent = full(stored, this.#specs);
    const base: Choices = version ? ofVersion(version, this.#specs) : { intent, own: {}, bypass: [], given: null };
    this.#led = ledBy(references);
    this.#baseLed = version ? leading(version) : this.#led;
    this.#base = base;
    this.#history = begin(same(base.intent, intent) ? base : { intent, own: {}, bypass: [], given: null });
    if (version) this.#know(version);
    if (this.changed) void this.#render();
  }

  /** Take a version up again: its controls become those of the desk. */
  take(version: MasterDetail): void {
    this.#base = ofVersion(version, this.#specs);
    this.#baseLed = leading(version);
    this.#know(version);
    this.#change(this.#base);
  }

  /** The song is led by other references, or by the same with other weights. */
  lead(references: readonly Audio[]): void {
    const led = ledBy(references);
    if (led === this.#led) return;
    this.#led = led;
    this.#show();
    if (this.changed) this.#soon(this.#player.wanted === LIVE);
  }

  /** A version was made of what is chosen now. */
  saved(): void {
    this.#base = this.choices;
    this.#baseLed = this.#led;
  }

  order() {
    return this.choices ? order(this.choices, this.recipe) : null;
  }

  #know(version: MasterDetail): void {
    const known = ofMaster(version);
    if (known) this.#remember(full(version.intent, this.#specs), leading(version), known);
  }

  #remember(intent: FullIntent, led: string, proposal: Proposal): void {
    this.#proposals.put(intent, led, proposal);
    this.#show();
  }

  /** What is known for the controls as they stand; while nothing is, the last stays in sight. */
  #show(): void {
    const { choices } = this;
    const known = choices && this.#proposals.get(choices.intent, this.#led);
    if (known) this.proposal = known;
  }

  /** Change a control. moving: a knob on its way; the steps of the way are one step to undo. */
  setIntent(change: Partial<Choices['intent']>, moving = false): void {
    const now = this.choices;
    if (now) this.#change({ ...now, intent: { ...now.intent, ...change }, given: null }, moving);
  }

  /** Set a step's own setting by hand; undefined takes it back. */
  setOwn(stepId: string, name: string, value: ParamValue | undefined, moving = false): void {
    const now = this.choices;
    if (!now) return;
    const { [name]: _, ...rest } = now.own[stepId] ?? {};
    const params: StepParams = value === undefined ? rest : { ...rest, [name]: value };
    const { [stepId]: __, ...others } = now.own;
    this.#change(
      { ...now, own: Object.keys(params).length > 0 ? { ...others, [stepId]: params } : others },
      moving,
    );
  }

  /** Take back all that was set by hand on a step. */
  forgetOwn(stepId: string): void {
    const now = this.choices;
    if (!now) return;
    const { [stepId]: _, ...own } = now.own;
    this.#change({ ...now, own });
  }

  /** Try once more what failed. */
  again(): void {
    this.#soon(false);
  }

  toggleBypass(stepId: string): void {
    const now = this.choices;
    if (!now) return;
    const bypass = now.bypass.includes(stepId)
      ? now.bypass.filter((id) => id !== stepId)
      : [...now.bypass, stepId].sort();
    this.#change({ ...now, bypass });
  }

  undo(): void {
    if (this.#history) this.#go(back(this.#history));
  }
  redo(): void {
    if (this.#history) this.#go(forth(this.#history));
  }

  /** Hear one step alone, or what it changes; null: the whole again. */
  hear(audition: Audition | null): void {
    this.audition = audition;
    this.#moving = false;
    if (audition === null && !this.changed) this.leave();
    else this.#soon(true);
  }

  /** Back from the preview to the version. */
  leave(): void {
    this.audition = null;
    this.#abort();
    const under = this.#under();
    if (under) this.#player.dropPreview(under.id);
    this.#previews.forget();
    this.stage = 'rest';
  }

  #change(choices: Choices, moving = false): void {
    if (!this.#history || same(choices, this.#history.now)) {
      this.#moving = moving && this.#moving;
      return;
    }
    this.#go(step(this.#history, choices, this.#moving));
    this.#moving = moving;
  }

  #go(history: History<Choices>): void {
    if (history === this.#history) return;
    this.#history = history;
    this.#show();
    this.#moving = false;
    this.audition = null;
    this.#changedAt = performance.now();
    this.#keep();
    if (this.changed) this.#soon(true);
    else this.leave();
  }

  /** Ask anew shortly; switch: the player turns to it. */
  #soon(turn: boolean): void {
    if (turn && this.#player.wanted !== LIVE) this.#player.select(LIVE);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#render(), PAUSE_MS);
  }

  /** While a preview sounds, keep it covering what comes next. */
  #extend(): void {
    const busy = this.stage === 'asking' || this.stage === 'rendering' || this.#more !== null;
    if (busy || this.stage === 'failed' || this.#player.wanted !== LIVE || this.#previews.covers()) return;
    const more = new AbortController();
    this.#more = more;
    void this.#guarded(more.signal, (signal) => this.#preview(signal)).finally(() => {
      if (this.#more === more) this.#more = null;
    });
  }

  async #render(): Promise<void> {
    this.#abort();
    this.#run = new AbortController();
    await this.#guarded(this.#run.signal, async (signal) => {
      await this.#propose(signal);
      if (this.recipe && this.#under()) this.stage = 'rendering';
      await this.#preview(signal);
      await this.#settle(signal);
    });
  }

  /** Nothing that was asked for is wanted any more, nor what was about to be. */
  #abort(): void {
    clearTimeout(this.#pause);
    this.#run?.abort();
    this.#more?.abort();
    this.#more = null;
  }

  /** What fails is said, unless nobody waits for it any more. */
  async #guarded(signal: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await work(signal);
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      this.stage = 'failed';
      this.trouble = words(error).message;
      this.#changedAt = null;
    }
  }

  async #propose(signal: AbortSignal): Promise<void> {
    const choices = this.choices;
    if (!choices || choices.given) return;
    const { intent } = choices;
    const led = this.#led;
    if (this.#proposals.get(intent, led)) return;
    this.stage = 'asking';
    const byHand = Object.keys(choices.own).length > 0 || choices.bypass.length > 0 || this.audition !== null;
    const listened_to = byHand ? null : this.#previews.first; // what is as it was proposed can be begun meanwhile
    this.#remember(intent, led, await this.#ask<Proposal>('propose', { intent, listened_to }, signal));
  }

  async #preview(signal: AbortSignal): Promise<void> {
    const recipe = this.recipe;
    const under = this.#under();
    if (!recipe || !under) return;
    const { audition } = this;
    const mode = audition ? `${audition.kind}:${audition.step}` : 'full';
    const [integrated_lufs, true_peak_dbtp] = this.#level(recipe);
    const wish = { recipe, mode, integrated_lufs, true_peak_dbtp, under: under.id };
    await this.#previews.play(wish, signal, () => this.#heard());
  }

  /** How loud the whole of what is previewed is, and its highest peak, as far as that is known. */
  #level(recipe: Recipe): readonly [number | null, number | null] {
    const mix = this.#mix();
    if (this.audition?.kind === 'delta') return [null, null]; // a difference is heard as large as it is
    if (this.audition) return [mix?.integrated_lufs ?? null, mix?.true_peak_dbtp ?? null];
    return [expectedLufs(this.proposal, this.#source ?? recipe, recipe, mix), expectedPeak(recipe, mix)];
  }

  #heard(): void {
    if (this.stage === 'rendering') this.stage = this.proposal?.state === 'exact' ? 'settled' : 'heard';
    this.trouble = '';
    if (this.#changedAt !== null) {
      this.heardAfter_ms = Math.round(performance.now() - this.#changedAt);
      this.#changedAt = null;
    }
  }

  /** Find the exact loudness behind what is heard, and hear it if it differs. */
  async #settle(signal: AbortSignal): Promise<void> {
    const choices = this.choices;
    if (!choices || choices.given || this.audition || this.proposal?.state !== 'estimate') return;
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    if (signal.aborted) return;
    this.stage = 'settling';
    const estimate = this.proposal;
    const { intent } = choices;
    const led = this.#led;
    const settled = await this.#ask<Proposal>('settle', { intent }, signal);
    if (signal.aborted) return;
    this.#remember(intent, led, settled);
    this.#more?.abort();
    if (Math.abs(drive(estimate.recipe) - drive(settled.recipe)) > DRIVE_HEARD_DB) await this.#preview(signal);
    if (!signal.aborted) this.stage = 'settled';
  }

  #ask<T>(what: 'propose' | 'settle', body: object, signal: AbortSignal): Promise<T> {
    return api.post<T>(`/api/songs/${this.#songId}/${what}`, body, { signal, headers: this.#listener });
  }

  /** The controls are the song's: they are stored, a moment after the last change. */
  #keep(): void {
    clearTimeout(this.#save);
    this.#save = setTimeout(() => this.#store(), SAVE_MS);
  }

  #store(): void {
    clearTimeout(this.#save);
    this.#save = undefined;
    const intent = this.choices?.intent;
    if (!intent) return;
    api.patch(`/api/songs/${this.#songId}`, { intent }).catch((error: unknown) => {
      this.trouble = `The controls could not be stored. ${words(error).message}`;
    });
  }
}

function drive(recipe: Recipe): number {
  return Number(recipe.steps.find((each) => each.kind === 'maximiser')?.params.drive_db ?? 0);
}
