/**
 * The sound of the controls as they stand: a change is proposed, its window rendered by the engine and heard in place,
 * then the exact loudness is found behind it. The newest wish wins; what is late is dropped.
 */

import { api, isAbort, newKey, request, words } from '../api/client.ts';
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
import { previewPieces, previewWindow, type Stretch } from '../player/plan.ts';
import { LIVE, type Player, type PreviewPiece } from '../player/player.svelte.ts';
import { type Choices, type FullIntent, full, ofVersion, order, same } from './choices.ts';
import { back, begin, forth, type History, step } from './history.ts';
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
const AHEAD_S = 2.5;
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
  #run: AbortController | null = null;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #save: ReturnType<typeof setTimeout> | undefined;
  readonly #watch: ReturnType<typeof setInterval>;
  #window: { start: number; end: number } | null = null;
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
    this.#watch = setInterval(() => this.#extend(), WATCH_MS);
  }

  close(): void {
    clearInterval(this.#watch);
    clearTimeout(this.#pause);
    this.#run?.abort();
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
    this.#run?.abort();
    const under = this.#under();
    if (under) this.#player.dropPreview(under.id);
    this.#window = null;
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
    if (this.#player.wanted !== LIVE || this.stage === 'asking' || this.stage === 'rendering') return;
    if (this.stage === 'failed' || !this.#window) return;
    const { looping, loop, duration_s, playing } = this.#player;
    const now = this.#player.now();
    const inside = looping && loop !== null && now <= loop.end;
    const whole = previewWindow(now, inside ? loop : null, duration_s);
    const to = inside && whole.seconds < 20.5 ? loop.end : Math.min(duration_s, now + (playing ? AHEAD_S : 0));
    const from = inside && whole.seconds < 20.5 ? loop.start : now;
    if (from >= this.#window.start - 0.01 && to <= this.#window.end + 0.01) return;
    void this.#render(false);
  }

  async #render(settle = true): Promise<void> {
    this.#run?.abort();
    const run = new AbortController();
    this.#run = run;
    try {
      await this.#propose(run.signal);
      await this.#preview(run.signal);
      if (settle) await this.#settle(run.signal);
    } catch (error) {
      if (run.signal.aborted || isAbort(error)) return;
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
    this.#remember(intent, led, await this.#ask<Proposal>('propose', { intent }, signal));
  }

  async #preview(signal: AbortSignal): Promise<void> {
    const recipe = this.recipe;
    const under = this.#under();
    if (!recipe || !under) return;
    this.stage = 'rendering';
    const { looping, loop, duration_s } = this.#player;
    const now = this.#player.now();
    const inside = looping && loop !== null && now <= loop.end;
    const window = previewWindow(now, inside ? loop : null, duration_s);
    const [integrated_lufs, true_peak_dbtp] = this.#level(recipe);
    const [first, ...rest] = previewPieces(window, now);
    if (!first) return;
    const piece = await this.#piece(recipe, first, signal);
    if (signal.aborted) return;
    await this.#player.playPreview({ ...piece, integrated_lufs, true_peak_dbtp, under: under.id });
    if (signal.aborted) return;
    this.#window = { start: window.start_s, end: window.start_s + window.seconds };
    this.#heard();
    for (const stretch of rest) {
      const more = await this.#piece(recipe, stretch, signal);
      if (!signal.aborted) await this.#player.extendPreview(more);
    }
  }

  async #piece(recipe: Recipe, stretch: Stretch, signal: AbortSignal): Promise<PreviewPiece> {
    const { audition } = this;
    const mode = audition ? `${audition.kind}:${audition.step}` : 'full';
    const answer = await request(
      'POST',
      `/api/songs/${this.#songId}/preview`,
      { recipe, ...stretch, mode, bypass: [] },
      { signal, headers: this.#listener },
    );
    const frame = Number(answer.headers.get('Tonewright-Start-Frame'));
    const rate_hz = Number(answer.headers.get('Tonewright-Rate-Hz'));
    return { start_s: frame / rate_hz, flac: await answer.arrayBuffer() };
  }

  /** How loud the whole of what is previewed is, and its highest peak, as far as that is known. */
  #level(recipe: Recipe): readonly [number | null, number | null] {
    const mix = this.#mix();
    if (this.audition?.kind === 'delta') return [null, null]; // a difference is heard as large as it is
    if (this.audition) return [mix?.integrated_lufs ?? null, mix?.true_peak_dbtp ?? null];
    return [expectedLufs(this.proposal, this.#source ?? recipe, recipe, mix), expectedPeak(recipe, mix)];
  }

  #heard(): void {
    this.stage = this.proposal?.state === 'exact' ? 'settled' : 'heard';
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
    if (Math.abs(drive(estimate.recipe) - drive(settled.recipe)) > DRIVE_HEARD_DB) await this.#preview(signal);
    this.stage = 'settled';
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
