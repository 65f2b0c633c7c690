import { describe, expect, test } from 'vitest';
import { ApiError } from '../../api/client.ts';
import type { Upload } from '../../api/types.ts';
import { type Ports, send, type Watch } from './send.ts';
import { sha256 } from './sha256.ts';

const FILE = new Blob([Uint8Array.from({ length: 50 }, (_, index) => index)]);
const digest = async (part: Blob) => sha256(await part.arrayBuffer());

/** A service that keeps parts and can be told to fail. */
class Service implements Ports {
  parts = new Map<number, string>();
  puts: number[] = [];
  state: Upload['state'] = 'open';
  rests = 0;
  failing: (number: number) => ApiError | null = () => null;
  digest = digest;

  get upload(): Upload {
    const parts = [...this.parts].map(([number, sha]) => ({ number, bytes: 0, sha256: sha }));
    return { id: 'u', bytes: 50, part_bytes: 16, state: this.state, parts } as unknown as Upload;
  }
  async show() {
    return this.upload;
  }
  async put(...[, part, , sha, , onsent]: Parameters<Ports['put']>) {
    this.puts.push(part.number);
    onsent(3);
    const fault = this.failing(part.number);
    if (fault) throw fault;
    this.parts.set(part.number, sha);
  }
  async complete() {
    const whole = this.parts.size === 4;
    if (!whole) throw new ApiError(409, { detail: 'Parts are missing: 2.' });
    this.state = 'done';
    return this.upload;
  }
  async rest() {
    this.rests += 1;
  }
}

function watching(signal = new AbortController().signal) {
  const told: number[] = [];
  const waits: (ApiError | null)[] = [];
  const watch: Watch = {
    signal,
    onsent: (bytes) => told.push(bytes),
    onwaiting: (error) => waits.push(error),
    onfinishing: () => {},
  };
  return { watch, told, waits };
}

const down = () => new ApiError(0, {});

describe('a file is sent', () => {
  test('in parts, each once', async () => {
    const service = new Service();
    const { watch, told } = watching();
    expect((await send('u', FILE, service, watch)).state).toBe('done');
    expect(service.puts.sort()).toEqual([1, 2, 3, 4]);
    expect(service.parts.get(4)).toBe(await digest(FILE.slice(48)));
    expect(told.at(-1)).toBe(50);
  });

  test('without what is there already', async () => {
    const service = new Service();
    service.parts.set(1, await digest(FILE.slice(0, 16)));
    service.parts.set(3, await digest(FILE.slice(32, 48)));
    const { watch, told } = watching();
    await send('u', FILE, service, watch);
    expect(service.puts.sort()).toEqual([2, 4]);
    expect(told.at(-1)).toBe(50);
  });

  test('with a part anew that is there but was another file’s', async () => {
    const service = new Service();
    service.parts.set(2, 'f'.repeat(64));
    await send('u', FILE, service, watching().watch);
    expect(service.puts).toContain(2);
    expect(service.parts.get(2)).toBe(await digest(FILE.slice(16, 32)));
  });

  test('not at all where it was done before the answer was lost', async () => {
    const service = new Service();
    service.state = 'done';
    await send('u', FILE, service, watching().watch);
    expect(service.puts).toEqual([]);
  });
});

describe('a line that breaks', () => {
  test('is waited for, and nothing is lost or sent twice without need', async () => {
    const service = new Service();
    const left = new Map([[2, 3]]);
    service.failing = (number) => {
      const count = left.get(number) ?? 0;
      left.set(number, count - 1);
      return count > 0 ? down() : null;
    };
    const { watch, waits } = watching();
    await send('u', FILE, service, watch);
    expect(service.puts.filter((number) => number === 2)).toHaveLength(4);
    expect(service.puts.filter((number) => number === 3)).toHaveLength(1);
    expect(service.rests).toBe(3);
    expect(waits.at(-1)).toBeNull();
  });

  test('a server that forgot a part gets it again', async () => {
    const service = new Service();
    let forgot = false;
    const complete = service.complete.bind(service);
    service.complete = async () => {
      if (!forgot) service.parts.delete(2);
      forgot = true;
      return complete();
    };
    expect((await send('u', FILE, service, watching().watch)).state).toBe('done');
    expect(service.puts.filter((number) => number === 2)).toHaveLength(2);
  });

  test('damage on the way is sent again, but not for ever', async () => {
    const service = new Service();
    service.failing = (number) => (number === 1 ? new ApiError(422, { code: 'part_damaged' }) : null);
    await expect(send('u', FILE, service, watching().watch)).rejects.toThrow();
    expect(service.puts.filter((number) => number === 1)).toHaveLength(4);
  });
});

test('what is refused is refused at once', async () => {
  const service = new Service();
  service.failing = () => new ApiError(415, { code: 'not_audio', detail: 'This is a picture.' });
  await expect(send('u', FILE, service, watching().watch)).rejects.toThrow('This is a picture.');
  expect(service.rests).toBe(0);
});

test('pausing stops, and going on sends the rest', async () => {
  const service = new Service();
  const pause = new AbortController();
  service.failing = (number) => {
    if (number === 2) pause.abort(new DOMException('paused', 'AbortError'));
    return null;
  };
  await expect(send('u', FILE, service, watching(pause.signal).watch)).rejects.toThrow('paused');
  expect(service.state).toBe('open');
  const before = new Set(service.parts.keys());
  service.puts = [];
  await send('u', FILE, service, watching().watch);
  expect(service.puts.some((number) => before.has(number))).toBe(false);
  expect(service.state).toBe('done');
});
