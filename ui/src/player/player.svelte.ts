/**
 * The player as the screens see it: what sounds, where, how loud. The sound itself is made in the audio thread
 * (mixer.ts); here its pieces are fetched and its state is shown.
 */

import { words } from '../api/client.ts';
import { fromDb, gainsDb, type Level, type Listening } from './gains.ts';
import type { FromWorklet, ToWorklet } from './messages.ts';
import { Segments, type Source } from './segments.ts';
import { type Block, joined } from './track.ts';
import workletUrl from './worklet.ts?worker&url';

export interface Track extends Source, Level {
  name: string;
}

/** A stretch of sound that was rendered for the controls as they stand. */
export interface PreviewPiece {
  /** Where it begins. */
  start_s: number;
  flac: ArrayBuffer;
}

/** The first of them, and what is known of the sound. */
export interface PreviewSound extends PreviewPiece {
  integrated_lufs: number | null;
  true_peak_dbtp: number | null;
  /** The track that sounds around it. */
  under: string;
}

export interface Recorded {
  rate_hz: number;
  /** Frame of the song that the first sample was at. */
  position: number;
  channels: Float32Array[];
}

/** What the name of the changed, unsaved sound is among the tracks. */
export const LIVE = 'live';
const TEND_MS = 120;
const WARM_TRACKS = 3;
const HOLD_MS = 1_500;

export class Player {
  playing = $state(false);
  /** Playing, but the samples are still on their way. */
  waiting = $state(false);
  position_s = $state(0);
  duration_s = $state(0);
  loop = $state.raw<{ start: number; end: number } | null>(null);
  looping = $state(false);
  tracks = $state.raw<readonly Track[]>([]);
  /** The track that was asked for, and the one that sounds. LIVE for a preview. */
  wanted = $state<string | null>(null);
  sounding = $state<string | null>(null);
  listening = $state.raw<Listening>({ kind: 'matched' });
  volume_db = $state(0);
  /** Of what sounds, before the gain that matches levels: what the file holds. */
  momentary_lufs = $state<number | null>(null);
  peak_dbfs = $state.raw<[number | null, number | null]>([null, null]);
  hold_dbfs = $state.raw<[number | null, number | null]>([null, null]);
  /** The gain in dB that what sounds is played with. */
  gain_db = $state(0);
  trouble = $state('');
  /** mute: this browser gives the page no sound. While it is opening, what is asked of it is kept and then done. */
  state = $state<'opening' | 'ready' | 'mute'>('opening');
  hasPreview = $state(false);

  #context: AudioContext | null = null;
  #opening: Promise<void> | null = null;
  #node: AudioWorkletNode | null = null;
  #segments: Segments | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #last = { position: 0, time: 0 };
  #recent: string[] = [];
  #preview: { id: string; sound: PreviewSound; blocks: Block[] } | null = null;
  #previews = 0;
  #recordings = new Map<number, (recorded: Recorded) => void>();
  #recordingId = 0;
  /** Counts what moves the playhead: play, pause, seek. */
  #orders = 0;
  #heldAt: [number, number] = [0, 0];
  analyser: AnalyserNode | null = null;

  get rate_hz(): number {
    return this.#context?.sampleRate ?? 0;
  }

  /** Make ready for a song of this rate and length, which is known from here on. Call close() when done. */
  open(rate_hz: number, duration_s: number): Promise<void> {
    const context = contextAt(rate_hz);
    this.#context = context;
    this.duration_s = duration_s;
    this.#opening = this.#open(context);
    return this.#opening;
  }

  async #open(context: AudioContext): Promise<void> {
    if (!context.audioWorklet) {
      this.state = 'mute';
      this.playing = false;
      this.trouble = 'This browser plays sound only over https, or on the machine that the service runs on.';
      return;
    }
    await context.audioWorklet.addModule(workletUrl);
    if (this.#context !== context) return; // closed meanwhile
    const node = new AudioWorkletNode(context, 'tonewright-player', {
      numberOfInputs: 0,
      outputChannelCount: [2],
    });
    this.#node = node;
    node.port.onmessage = (event: MessageEvent<FromWorklet>) => this.#take(event.data);
    node.connect(context.destination);
    this.analyser = new AnalyserNode(context, { fftSize: 8192, smoothingTimeConstant: 0.75 });
    node.connect(this.analyser);
    this.#segments = new Segments(context.sampleRate, {
      decode: (bytes) => this.#decode(bytes),
      put: (id, start, channels) => this.#tell({ do: 'block', id, start, channels }, channels),
      drop: (id, start) => this.#tell({ do: 'drop', id, start }),
      trouble: (error) => this.#trouble(error),
    });
    this.#tell({ do: 'length', frames: Math.round(this.duration_s * context.sampleRate) });
    for (const track of this.tracks) this.#add(track);
    this.#applyGains();
    if (this.wanted) this.select(this.wanted);
    this.#timer = setInterval(() => this.#tend(), TEND_MS);
    this.state = 'ready';
    this.setVolume(this.volume_db);
    this.setLoop(this.loop, this.looping);
    this.seek(this.position_s);
    if (this.playing) await this.play();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const track of this.tracks) this.#segments?.remove(track.id);
    this.#node?.disconnect();
    void this.#context?.close();
    this.#context = null;
    this.#node = null;
    this.state = 'opening';
    this.playing = false;
  }

  /** Set what there is to hear. Tracks that stay keep sounding. */
  setTracks(tracks: readonly Track[]): void {
    const before = this.tracks;
    this.tracks = tracks;
    for (const gone of before.filter((old) => !tracks.some((track) => track.id === old.id))) {
      this.#segments?.remove(gone.id);
      this.#tell({ do: 'remove', id: gone.id });
    }
    for (const track of tracks) this.#add(track);
    this.#applyGains();
    const known = this.wanted === LIVE || tracks.some((track) => track.id === this.wanted);
    const first = tracks[0];
    if (!known && first) this.select(first.id);
  }

  select(id: string): void {
    this.wanted = id;
    const real = id === LIVE ? this.#preview?.id : id;
    if (real === undefined) return;
    if (id !== LIVE) this.#recent = [id, ...this.#recent.filter((other) => other !== id)].slice(0, WARM_TRACKS + 1);
    this.#tend();
    this.#tell({ do: 'select', id: real });
    if (!this.playing) this.sounding = id;
  }

  async play(): Promise<void> {
    if (this.state === 'mute') return;
    this.playing = true;
    this.waiting = true;
    this.#orders += 1;
    await this.#context?.resume();
    if (this.state !== 'ready' || !this.playing) return;
    this.#tell({ do: 'play', order: this.#orders });
    this.#tend();
  }

  pause(): void {
    this.#orders += 1;
    this.#tell({ do: 'pause', order: this.#orders });
    this.playing = false;
    this.waiting = false;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else void this.play();
  }

  seek(position_s: number): void {
    const at = Math.min(Math.max(0, position_s), this.duration_s);
    this.position_s = at;
    this.#last = { position: at * this.rate_hz, time: this.#context?.currentTime ?? 0 };
    this.#orders += 1;
    this.#tell({ do: 'seek', order: this.#orders, frame: Math.round(at * this.rate_hz) });
    this.#tend();
  }

  /** Set the stretch to go round, in seconds; it stays known while looping is off. */
  setLoop(loop: { start: number; end: number } | null, looping = loop !== null): void {
    const shortest_s = 0.1;
    if (loop && loop.end - loop.start < shortest_s) loop = { start: loop.start, end: loop.start + shortest_s };
    this.loop = loop && { start: Math.max(0, loop.start), end: Math.min(this.duration_s, loop.end) };
    this.looping = looping && this.loop !== null;
    this.#tell({ do: 'loop', loop: this.#loopFrames() });
    this.#tend();
  }

  listen(listening: Listening): void {
    this.listening = listening;
    this.#applyGains();
  }

  setVolume(db: number): void {
    this.volume_db = db;
    this.#tell({ do: 'volume', gain: db <= -60 ? 0 : fromDb(db) });
  }

  /** Let a preview sound instead of the one before, crossing over. Nothing happens where the player has closed. */
  async playPreview(sound: PreviewSound): Promise<void> {
    const context = this.#context;
    if (!context) return;
    const block = await this.#block(sound);
    await this.#opening;
    if (this.#context === context && this.state === 'ready') this.#put(sound, [block]);
  }

  /** More of the preview that was played last. Nothing happens where there is none any more. */
  async extendPreview(piece: PreviewPiece): Promise<void> {
    const preview = this.#preview;
    const block = await this.#block(piece);
    if (preview && this.#preview === preview) this.#put(preview.sound, joined(preview.blocks, block));
  }

  /** As a track of its own, which crosses over: what comes late clicks no more than what comes in time. */
  #put(sound: PreviewSound, blocks: Block[]): void {
    const old = this.#preview;
    this.#previews += 1;
    const id = `preview:${this.#previews}`;
    this.#preview = { id, sound, blocks };
    this.hasPreview = true;
    const frames = Math.round(this.duration_s * this.rate_hz);
    const gain = fromDb(this.#gains().get(id) ?? 0);
    this.#tell({ do: 'track', id, frames, gain, under: sound.under });
    this.#applyGains();
    for (const block of blocks) this.#tell({ do: 'block', id, ...block });
    if (this.wanted === LIVE) {
      this.#tell({ do: 'select', id });
      if (!this.playing) this.sounding = LIVE;
    }
    if (old) this.#tell({ do: 'retire', id: old.id });
  }

  /** Forget the preview; where it sounded, another track goes on. */
  dropPreview(instead: string): void {
    const old = this.#preview;
    if (this.wanted === LIVE) this.select(instead);
    this.#preview = null;
    this.hasPreview = false;
    if (old) this.#tell({ do: 'retire', id: old.id });
    this.#applyGains();
  }

  /** Where it sounds this moment, in seconds: between two messages from the audio thread it is reckoned. */
  now(): number {
    const context = this.#context;
    if (!context || !this.playing || this.waiting) return this.position_s;
    const heard = context.currentTime - (context.outputLatency || 0);
    let at = (this.#last.position + (heard - this.#last.time) * context.sampleRate) / context.sampleRate;
    if (this.looping && this.loop && at > this.loop.end && this.position_s <= this.loop.end) {
      at = this.loop.start + ((at - this.loop.start) % (this.loop.end - this.loop.start));
    }
    return Math.min(this.duration_s, Math.max(0, at));
  }

  /** The exact samples that leave the graph from now on. For tests that listen. */
  record(seconds: number): Promise<Recorded> {
    const id = ++this.#recordingId;
    this.#tell({ do: 'record', id, frames: Math.round(seconds * this.rate_hz) });
    return new Promise((resolve) => this.#recordings.set(id, resolve));
  }

  #add(track: Track): void {
    if (!this.#segments) return;
    this.#segments.add(track);
    const frames = this.#segments.frames(track);
    this.#tell({ do: 'track', id: track.id, frames, gain: fromDb(this.#gains().get(track.id) ?? 0), under: null });
  }

  #gains(): Map<string, number> {
    const levels: Level[] = this.tracks.map(({ id, integrated_lufs, true_peak_dbtp }) => ({
      id,
      integrated_lufs,
      true_peak_dbtp,
    }));
    if (this.#preview) levels.push({ ...this.#preview.sound, id: this.#preview.id });
    return gainsDb(levels, this.listening);
  }

  #applyGains(): void {
    for (const [id, db] of this.#gains()) this.#tell({ do: 'gain', id, gain: fromDb(db) });
  }

  #tend(): void {
    const first = [this.wanted === LIVE ? this.tracks[0]?.id : this.wanted, ...this.#recent, this.tracks[0]?.id];
    const ids = [...new Set(first.filter((id): id is string => typeof id === 'string' && id !== LIVE))];
    const at = Math.round(this.position_s * this.rate_hz);
    this.#segments?.tend(at, this.#loopFrames(), ids, performance.now());
  }

  #loopFrames(): { start: number; end: number } | null {
    if (!this.looping || !this.loop) return null;
    return { start: Math.round(this.loop.start * this.rate_hz), end: Math.round(this.loop.end * this.rate_hz) };
  }

  async #decode(bytes: ArrayBuffer): Promise<Float32Array[]> {
    const context = this.#context;
    if (!context) throw new DOMException('the player was closed', 'AbortError');
    const sound = await context.decodeAudioData(bytes);
    return Array.from({ length: Math.min(2, sound.numberOfChannels) }, (_, channel) => {
      const samples = new Float32Array(sound.length);
      sound.copyFromChannel(samples, channel);
      return samples;
    });
  }

  async #block({ start_s, flac }: PreviewPiece): Promise<Block> {
    return { channels: await this.#decode(flac), start: Math.round(start_s * this.rate_hz) };
  }

  #trouble(error: unknown): void {
    const message = error === null ? '' : `${words(error).message} Trying again.`;
    if (this.trouble !== message) this.trouble = message;
  }

  #take(message: FromWorklet): void {
    if (message.is === 'recorded') {
      const { id, position, channels } = message;
      this.#recordings.get(id)?.({ rate_hz: this.rate_hz, position, channels });
      this.#recordings.delete(id);
      return;
    }
    if (message.order !== this.#orders) return; // from before the last order
    this.#last = { position: message.position, time: message.time };
    this.position_s = message.position / this.rate_hz;
    if (message.ended) this.playing = false;
    this.waiting = message.waiting;
    this.sounding = message.sounding?.startsWith('preview:') ? LIVE : message.sounding;
    this.gain_db = 20 * Math.log10(message.gain || 1) + this.volume_db;
    const back = (level: number | null) => (level === null ? null : level - this.gain_db);
    this.momentary_lufs = back(message.momentary_lufs);
    this.peak_dbfs = [back(message.peak_dbfs[0]), back(message.peak_dbfs[1])];
    this.#hold();
  }

  #hold(): void {
    const now = performance.now();
    const next: [number | null, number | null] = [...this.hold_dbfs];
    for (const side of [0, 1] as const) {
      const level = this.peak_dbfs[side];
      const held = next[side];
      const over = now - this.#heldAt[side] > HOLD_MS;
      if (level !== null && (held === null || level >= held || over)) {
        next[side] = level;
        this.#heldAt[side] = now;
      } else if (level === null && over) next[side] = null;
    }
    this.hold_dbfs = next;
  }

  #tell(message: ToWorklet, transfer: Float32Array[] = []): void {
    this.#node?.port.postMessage(
      message,
      transfer.map((samples) => samples.buffer),
    );
  }
}

/** A context at the song's own rate, so that nothing is converted; where the machine refuses, at its own. */
function contextAt(rate_hz: number): AudioContext {
  try {
    return new AudioContext({ sampleRate: rate_hz, latencyHint: 'interactive' });
  } catch {
    return new AudioContext({ latencyHint: 'interactive' });
  }
}
