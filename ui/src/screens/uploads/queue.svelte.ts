/** The files on their way, one after another. It outlives the screens, and what it knows outlives the page. */

import { type ApiError, api, isAbort, newKey, words } from '../../api/client.ts';
import type { Upload } from '../../api/types.ts';
import { waitMs } from '../../events.ts';
import type { Picked } from './choose.ts';
import { digestOf, FileGone } from './digest.ts';
import { Speed } from './parts.ts';
import { putPart } from './put.ts';
import { forget, type Remembered, remember, remembered, reopen } from './remembered.ts';
import { fits, matching, type Unfinished } from './resume.ts';
import { type Ports, passing, send } from './send.ts';
import { holdsText, NoSound } from './text.ts';

/** Where a file goes: into a song, a project, or a project of its own. */
export interface Place {
  project_id?: string;
  song_id?: string;
  role?: 'mix' | 'reference';
}

/**
 * announcing: the service is asked whether it takes it. lost: unfinished, and this page does not have the file.
 * elsewhere: another tab sends it.
 */
export type State =
  | 'announcing'
  | 'queued'
  | 'sending'
  | 'finishing'
  | 'paused'
  | 'lost'
  | 'elsewhere'
  | 'refused'
  | 'done';

const PAUSED = new DOMException('paused', 'AbortError');
const RETOLD_MS = 250;

export class Item {
  readonly key = newKey();
  readonly filename: string;
  readonly bytes: number;
  readonly place: Place;
  id: string | null = null;
  file: File | null = null;
  handle?: FileSystemFileHandle;
  lastModified?: number;
  state = $state<State>('announcing');
  /** Why nothing goes at the moment. */
  waiting = $state('');
  sent = $state(0);
  bytesPerSecond = $state<number | null>(null);
  fault = $state.raw<{ message: string; remedy: string } | null>(null);
  songId = $state<string | null>(null);
  stop = new AbortController();
  #speed = new Speed();
  #toldMs = 0;

  constructor(filename: string, bytes: number, place: Place) {
    this.filename = filename;
    this.bytes = bytes;
    this.place = place;
  }

  /** Whether it is still to arrive. */
  get open(): boolean {
    return this.state !== 'done' && this.state !== 'refused';
  }

  begin(): void {
    this.stop = new AbortController();
    this.#speed = new Speed();
    this.waiting = '';
    this.bytesPerSecond = null;
  }

  note(sent: number): void {
    const nowMs = performance.now();
    this.#speed.add(nowMs, sent);
    if (nowMs - this.#toldMs < RETOLD_MS && sent < this.bytes) return;
    this.#toldMs = nowMs;
    this.sent = sent;
    this.bytesPerSecond = this.#speed.now;
  }
}

class Queue {
  items = $state.raw<readonly Item[]>([]);
  /** Counts what has arrived, so that lists know when to look again. */
  arrived = $state(0);
  #announcing = false;
  #sending = false;

  get active(): readonly Item[] {
    return this.items.filter((item) => ['announcing', 'queued', 'sending', 'finishing'].includes(item.state));
  }
  get unfinished(): readonly Item[] {
    return this.items.filter((item) => item.open);
  }

  /** Take files in. Those that go on with something unfinished do so; the rest are new. */
  add(picked: readonly Picked[], place: Place): Item[] {
    const lost = this.items
      .filter((item) => item.state === 'lost')
      .flatMap((item) => (item.id ? [{ ...about(item), item }] : []));
    const taken = picked.map(({ file, handle }) => {
      const known = matching(lost, file)?.item;
      const item = known?.state === 'lost' ? known : new Item(file.name, file.size, place);
      this.#give(item, file, handle);
      return item;
    });
    this.items = [...this.items, ...taken.filter((item) => !this.items.includes(item))];
    void this.#announce();
    void this.#send();
    return taken;
  }

  /** What the service has unfinished of whoever is here, after the page was opened. */
  async load(): Promise<void> {
    const [memory, busy] = await Promise.all([remembered(), busyElsewhere()]);
    const known = new Set(this.items.map((item) => item.id));
    for (const state of ['open', 'assembling'] as const) {
      for await (const upload of api.each<Upload>('/api/uploads', { query: { state } })) {
        if (known.has(upload.id)) continue;
        known.add(upload.id);
        await this.#recall(upload, memory.get(upload.id), busy.has(upload.id));
      }
    }
    void this.#send();
  }

  async #recall(upload: Upload, memory: Remembered | undefined, busy: boolean): Promise<void> {
    const { project_id, song_id, role } = upload;
    const item = new Item(upload.filename, upload.bytes, {
      project_id: project_id ?? undefined,
      song_id: song_id ?? undefined,
      role,
    });
    item.id = upload.id;
    item.handle = memory?.handle;
    item.lastModified = memory?.lastModified;
    item.sent = upload.parts.reduce((sum, part) => sum + part.bytes, 0);
    item.state = busy ? 'elsewhere' : upload.state === 'assembling' ? 'queued' : 'lost';
    if (item.state === 'lost' && memory?.handle) {
      const file = await reopen(memory.handle, false);
      if (file && matching([about(item)], file)) this.#give(item, file, memory.handle);
    }
    if (!this.items.some((each) => each.id === upload.id)) this.items = [...this.items, item];
  }

  /** Go on with a file whose handle is remembered; asks for permission. Gives whether that did. */
  async reopen(item: Item): Promise<boolean> {
    const file = item.handle ? await reopen(item.handle, true) : null;
    return file !== null && this.give(item, file, item.handle);
  }

  /** Go on with a file that was chosen anew. Gives whether it can be the one. */
  give(item: Item, file: File, handle?: FileSystemFileHandle): boolean {
    if (!fits(about(item), file)) return false;
    this.#give(item, file, handle);
    void this.#send();
    return true;
  }

  #give(item: Item, file: File, handle?: FileSystemFileHandle): void {
    item.file = file;
    item.handle = handle;
    item.lastModified = file.lastModified;
    item.fault = null;
    if (item.id) {
      item.state = 'queued';
      void remember(memoryOf(item.id, file, handle));
    }
  }

  pause(item: Item): void {
    item.state = 'paused';
    item.stop.abort(PAUSED);
    void this.#send();
  }

  resume(item: Item): void {
    item.state = item.id ? 'queued' : 'announcing';
    item.fault = null;
    void this.#announce();
    void this.#send();
  }

  /** Give it up, here and there. */
  async cancel(item: Item): Promise<void> {
    item.stop.abort(PAUSED);
    this.items = this.items.filter((each) => each !== item);
    if (item.id && item.open) {
      void forget(item.id);
      await api.delete(`/api/uploads/${item.id}`);
    }
    void this.#send();
  }

  /** Clear away what has ended. */
  clear(): void {
    this.items = this.unfinished;
  }

  /** Ask for each file whether it is taken, before any is sent: what is refused is refused at once. */
  async #announce(): Promise<void> {
    if (this.#announcing) return;
    this.#announcing = true;
    let failures = 0;
    for (let item = this.#first('announcing'); item; item = this.#first('announcing')) {
      const { filename, bytes, place, file } = item;
      try {
        if (file && (await holdsText(file))) throw new NoSound(filename);
        const upload = await api.post<Upload>(
          '/api/uploads',
          { filename, bytes, ...place },
          { idempotency: item.key },
        );
        failures = 0;
        item.waiting = '';
        item.id = upload.id;
        // what is unfinished may have been listed just before this answer came
        this.items = this.items.filter((each) => each === item || each.id !== upload.id);
        if (!this.items.includes(item))
          void api.delete(`/api/uploads/${upload.id}`).catch(() => {}); // given up meanwhile
        else if (file) void remember(memoryOf(upload.id, file, item.handle));
        if (item.state === 'announcing') item.state = 'queued';
        void this.#send();
      } catch (error) {
        if (passing(error)) {
          failures += 1;
          item.waiting = waitingWords(error);
          await rest(waitMs(failures), item.stop.signal).catch(() => {});
        } else this.#refuse(item, error);
      }
    }
    this.#announcing = false;
  }

  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    for (let item = this.#first('queued'); item; item = this.#first('queued')) await this.#alone(item);
    this.#sending = false;
  }

  #first(state: State): Item | undefined {
    return this.items.find((item) => item.state === state);
  }

  /** Send one, unless another tab of this browser does. */
  async #alone(item: Item): Promise<void> {
    item.begin();
    item.state = 'sending';
    if (!navigator.locks) return this.#one(item);
    await navigator.locks.request(lockOf(item.id ?? ''), { ifAvailable: true }, async (lock) => {
      if (lock) await this.#one(item);
      else item.state = 'elsewhere';
    });
  }

  async #one(item: Item): Promise<void> {
    const { signal } = item.stop;
    try {
      const upload = await send(item.id ?? '', item.file ?? new Blob(), PORTS, {
        signal,
        onsent: (bytes) => item.note(bytes),
        onwaiting: (error) => {
          item.waiting = error ? waitingWords(error) : '';
        },
        onfinishing: () => {
          item.state = 'finishing';
        },
      });
      item.songId = upload.song_id;
      item.state = 'done';
      this.arrived += 1;
      void forget(upload.id);
    } catch (error) {
      if (isAbort(error) || signal.aborted) return;
      if (error instanceof FileGone) {
        item.file = null;
        item.fault = { message: error.message, remedy: 'Choose it again.' };
        item.state = 'lost';
      } else this.#refuse(item, error);
    }
  }

  #refuse(item: Item, error: unknown): void {
    item.fault = words(error);
    item.state = 'refused';
    if (!item.id) return;
    void forget(item.id);
    void api.delete(`/api/uploads/${item.id}`).catch(() => {}); // it goes by itself after some days
  }
}

function about(item: Item): Unfinished {
  return { id: item.id ?? '', filename: item.filename, bytes: item.bytes, lastModified: item.lastModified };
}

function memoryOf(id: string, file: File, handle?: FileSystemFileHandle): Remembered {
  return { id, lastModified: file.lastModified, ...(handle && { handle }) };
}

function waitingWords(error: ApiError): string {
  if (error.offline) return 'No connection. It goes on by itself.';
  return error.status === 429
    ? `${error.message} It goes on by itself.`
    : 'The service does not answer. It goes on by itself.';
}

const PORTS: Ports = {
  show: (id) => api.get<Upload>(`/api/uploads/${id}`),
  complete: (id) => api.post<Upload>(`/api/uploads/${id}/complete`),
  put: (upload, part, bytes, digest, signal, onsent) =>
    putPart({ path: `/api/uploads/${upload.id}/parts/${part.number}`, part: bytes, digest, signal, onsent }),
  digest: digestOf,
  rest,
};

/** Wait so long, or until the browser is online again. */
function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener('online', go);
      signal.removeEventListener('abort', stop);
    };
    const go = () => {
      over();
      done();
    };
    const stop = () => {
      over();
      failed(signal.reason);
    };
    const timer = setTimeout(go, ms);
    addEventListener('online', go);
    signal.addEventListener('abort', stop);
  });
}

const lockOf = (id: string) => `tonewright.upload.${id}`;

/** The uploads that other tabs are sending. */
async function busyElsewhere(): Promise<Set<string>> {
  const held = (await navigator.locks?.query())?.held ?? [];
  const start = lockOf('');
  return new Set(held.flatMap(({ name }) => (name?.startsWith(start) ? [name.slice(start.length)] : [])));
}

export const queue = new Queue();

addEventListener('beforeunload', (event) => {
  if (queue.active.length > 0) event.preventDefault(); // the browser asks whether to stay
});
