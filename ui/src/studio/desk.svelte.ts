/** Everything the studio shows of one song: what there is to hear, what was found and done, what is being worked on. */

import { ApiError, api, words } from '../api/client.ts';
import type {
  Analysis,
  Audio,
  Curves,
  Delivery,
  Job,
  Master,
  MasterDetail,
  Processor,
  Song,
  Controls as Specs,
  Target,
} from '../api/types.ts';
import { listen } from '../events.ts';
import { toasts } from '../parts/toasts.svelte.ts';
import { LIVE, Player, type Track } from '../player/player.svelte.ts';
import { Live } from './live.svelte.ts';
import { plain } from './words.ts';

export class Desk {
  song = $state.raw<Song | null>(null);
  error = $state.raw<{ title: string; message: string; remedy: string } | null>(null);
  analysis = $state.raw<Analysis | null>(null);
  targets = $state.raw<readonly Target[]>([]);
  processors = $state.raw<readonly Processor[]>([]);
  specs = $state.raw<Specs | null>(null);
  details = $state.raw<Readonly<Record<string, MasterDetail>>>({});
  curves = $state.raw<Readonly<Record<string, Curves>>>({});
  /** Jobs that ended badly while one looked on: they can be tried again. */
  failed = $state.raw<readonly Job[]>([]);
  deliveries = $state.raw<readonly Delivery[]>([]);
  live = $state.raw<Live | null>(null);
  /** The version whose decisions and pictures are shown. */
  shownId = $state<string | null>(null);

  /** A blind test is on: nothing may show which track sounds. */
  blind = $state(false);

  readonly player = new Player();
  readonly id: string;
  #opened = false;
  #stop: (() => void) | null = null;
  readonly #closed = new AbortController();

  constructor(id: string) {
    this.id = id;
  }

  get ready(): Master[] {
    return this.song?.masters.filter((master) => master.state === 'ready' && master.listen_index) ?? [];
  }
  get shown(): MasterDetail | null {
    return this.shownId === null ? null : (this.details[this.shownId] ?? null);
  }
  /** A step as it is called on the desk. */
  title(kind: string): string {
    return this.processors.find((each) => each.kind === kind)?.title ?? plain(kind);
  }
  get target(): Target | null {
    const name = this.live?.choices?.intent.target ?? this.song?.intent.target ?? 'streaming';
    return this.targets.find((target) => target.name === name) ?? null;
  }

  async load(): Promise<void> {
    this.error = null;
    const signal = this.#closed.signal;
    try {
      const [song, targets, processors, specs] = await Promise.all([
        api.get<Song>(`/api/songs/${this.id}`, { signal }),
        api.get<Target[]>('/api/targets', { signal }),
        api.get<Processor[]>('/api/processors', { signal }),
        api.get<Specs>('/api/controls', { signal }),
      ]);
      this.targets = targets;
      this.processors = processors;
      this.specs = specs;
      await this.#take(song);
      this.#stop ??= this.#follow();
    } catch (error) {
      if (signal.aborted) return;
      const { message, remedy } = words(error);
      const gone = error instanceof ApiError && error.status === 404;
      this.error = { title: gone ? 'There is no such song' : 'The song could not be loaded', message, remedy };
    }
  }

  close(): void {
    this.#closed.abort();
    this.#stop?.();
    this.live?.close();
    this.player.close();
  }

  /** A song as the service has it now. */
  async #take(song: Song): Promise<void> {
    this.song = song;
    const newest = this.ready.at(-1);
    if (newest && (this.shownId === null || !this.ready.some((master) => master.id === this.shownId))) {
      this.shownId = newest.id;
    }
    const opening = this.#open();
    await Promise.all([this.#hearAnalysis(song), newest ? this.detail(newest.id) : null]);
    this.#adjust();
    await opening;
    if (newest) void this.picture(this.shownId ?? newest.id);
  }

  async #hearAnalysis(song: Song): Promise<void> {
    if (this.analysis || song.mix?.state !== 'ready') return;
    this.analysis = await api.get<Analysis>(`/api/audio/${song.mix.id}/analysis`, { signal: this.#closed.signal });
  }

  /** The player begins with the mix, and gets a track for whatever comes. Its length is known before this waits. */
  async #open(): Promise<void> {
    const mix = this.song?.mix;
    if (!mix?.listen_index || mix.duration_s === null) return;
    this.player.setTracks(this.#tracks());
    if (this.#opened) return;
    this.#opened = true;
    this.player.select(this.shownId ?? mix.id);
    await this.player.open(mix.listen_index.rate_hz, mix.duration_s);
  }

  /** The controls begin once there is something to hear, and follow the references. */
  #adjust(): void {
    const { song, specs } = this;
    const mix = song?.mix;
    if (!song || !mix?.listen_index || !specs) return;
    if (this.live) {
      this.live.lead(song.references);
      return;
    }
    this.live = new Live({
      player: this.player,
      specs,
      songId: this.id,
      under: () => ({ id: this.shownId ?? mix.id, recipe: this.shown?.recipe ?? null }),
      mix: () => this.song?.mix?.measurements ?? null,
    });
    this.live.start(song.intent, this.shown, song.references);
  }

  #renew(): void {
    void this.#open();
    this.#adjust();
  }

  #tracks(): Track[] {
    const song = this.song;
    if (!song) return [];
    const heard = (audio: Audio | Master, kind: 'audio' | 'masters', name: string): Track[] =>
      audio.listen_index
        ? [
            {
              id: audio.id,
              name,
              rate_hz: audio.listen_index.rate_hz,
              frames: audio.listen_index.frames,
              segment_frames: audio.listen_index.segment_frames,
              integrated_lufs: audio.measurements?.integrated_lufs ?? null,
              true_peak_dbtp: audio.measurements?.true_peak_dbtp ?? null,
              fetch: (segment, signal) =>
                api.bytes('GET', `/api/${kind}/${audio.id}/segments/${segment}`, undefined, { signal }),
            },
          ]
        : [];
    return [
      ...(song.mix ? heard(song.mix, 'audio', 'Mix') : []),
      ...this.ready.flatMap((master) => heard(master, 'masters', `Version ${master.number}`)),
      ...song.references.flatMap((audio) => heard(audio, 'audio', audio.filename)),
    ];
  }

  /** Turn to a track; a version's decisions and pictures come with it. */
  select(id: string): void {
    if (id !== LIVE && this.live?.audition) this.live.hear(null);
    this.player.select(id);
    if (this.ready.some((master) => master.id === id)) {
      this.shownId = id;
      void this.detail(id);
      void this.picture(id);
    }
  }

  async detail(id: string): Promise<MasterDetail | null> {
    const known = this.details[id];
    if (known) return known;
    const found = await api.get<MasterDetail>(`/api/masters/${id}`, { signal: this.#closed.signal });
    this.details = { ...this.details, [id]: found };
    return found;
  }

  async picture(id: string): Promise<void> {
    if (this.curves[id]) return;
    try {
      const found = await api.get<Curves>(`/api/masters/${id}/curves`, { signal: this.#closed.signal });
      this.curves = { ...this.curves, [id]: found };
    } catch (error) {
      if (!this.#closed.signal.aborted) toasts.error(error);
    }
  }

  /** Keep what is chosen now as a version. Throws ApiError. */
  async save(why: string, key: string): Promise<void> {
    const wish = this.live?.order();
    if (!wish) return;
    const parent_id = this.shownId;
    const made = await api.post<Master>(
      `/api/songs/${this.id}/masters`,
      { ...wish, why, parent_id },
      { idempotency: key },
    );
    this.live?.saved();
    this.#putMaster(made);
  }

  /** Take up again what failed or was cancelled. */
  async again(master: Master): Promise<void> {
    const known = this.failed.find((each) => each.master_id === master.id);
    const job = known ?? (await this.#jobOf(master));
    if (!job) throw new Error(`Version ${master.number} can't be tried again; change something and save it anew.`);
    await api.post(`/api/jobs/${job.id}/retry`);
    this.failed = this.failed.filter((each) => each.id !== job.id);
  }

  async #jobOf(master: Master): Promise<Job | null> {
    for await (const job of api.each<Job>('/api/jobs', { query: { song: this.id } })) {
      if (job.master_id === master.id) return job;
    }
    return null;
  }

  async cancel(job: Job): Promise<void> {
    await api.post(`/api/jobs/${job.id}/cancel`);
  }

  /** A file of a version: made if it is not there yet. */
  async deliver(master: Master, format: string, bits: string | null): Promise<Delivery> {
    const body = bits ? { format, bits } : { format };
    const made = await api.post<Delivery>(`/api/masters/${master.id}/deliveries`, body, { idempotency: true });
    this.#putDelivery(made);
    return made;
  }

  #follow(): () => void {
    let first = true;
    return listen(
      {
        song: (song: Partial<Song>) => this.#merge(song),
        master: (master: Master) => this.#putMaster(master),
        audio: (audio: Audio) => this.putAudio(audio),
        job: (job: Job) => this.#putJob(job),
        delivery: (delivery: Delivery) => this.#putDelivery(delivery),
      },
      {
        song: this.id,
        opened: () => {
          if (!first) void this.load(); // what was missed meanwhile
          first = false;
        },
      },
    );
  }

  #merge(song: Partial<Song>): void {
    // the controls are this page's while it is open
    if (this.song) this.song = { ...this.song, ...song, intent: this.song.intent };
    this.#renew();
  }

  #putMaster(master: Master): void {
    if (!this.song) return;
    const before = this.song.masters.find((other) => other.id === master.id);
    const others = this.song.masters.filter((other) => other.id !== master.id);
    const masters = [...others, master].sort((a, b) => a.number - b.number);
    this.song = { ...this.song, masters };
    if (master.state === 'ready' && before?.state !== 'ready') void this.#arrived(master);
  }

  async #arrived(master: Master): Promise<void> {
    const first = this.ready.length === 1;
    this.player.setTracks(this.#tracks());
    await this.detail(master.id);
    const hearing = this.player.wanted;
    const follow = first || (hearing === LIVE && !this.live?.changed);
    if (first)
      this.live?.start(this.song?.intent ?? {}, this.details[master.id] ?? null, this.song?.references ?? []);
    if (!this.player.playing || follow) {
      if (hearing === LIVE && !this.live?.changed) this.live?.leave();
      this.select(master.id);
    }
    toasts.good(`Version ${master.number} is ready.`);
  }

  /** A sound as the service has it now. */
  putAudio(audio: Audio): void {
    if (!this.song) return;
    if (audio.role === 'mix') {
      this.song = { ...this.song, mix: audio };
      void this.#hearAnalysis(this.song).catch((error: unknown) => toasts.error(error));
    } else {
      const references = this.song.references.filter((other) => other.id !== audio.id);
      this.song = { ...this.song, references: [...references, audio] };
    }
    this.#renew();
  }

  dropReference(id: string): void {
    if (!this.song) return;
    this.song = { ...this.song, references: this.song.references.filter((audio) => audio.id !== id) };
    this.#renew();
  }

  #putJob(job: Job): void {
    if (!this.song) return;
    const others = this.song.jobs.filter((other) => other.id !== job.id);
    const over = job.state === 'done' || job.state === 'failed' || job.state === 'cancelled';
    this.song = { ...this.song, jobs: over ? others : [...others, job] };
    const failed = this.failed.filter((other) => other.id !== job.id);
    this.failed = job.state === 'failed' ? [...failed, job] : failed;
  }

  #putDelivery(delivery: Delivery): void {
    this.deliveries = [...this.deliveries.filter((other) => other.id !== delivery.id), delivery];
  }
}
