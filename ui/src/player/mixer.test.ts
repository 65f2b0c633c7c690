import { describe, expect, it } from 'vitest';
import { JUMP_S, Mixer, SWITCH_S } from './mixer.ts';

const RATE = 48_000;
const SEGMENT = 4_800;
const LENGTH = 48_000;

/** Two songs that are easy to tell apart, each sample its own: a slow ramp, and the same upside down. */
const song = (scale: number) =>
  Float32Array.from({ length: LENGTH }, (_, n) => scale * Math.sin((2 * Math.PI * 97 * n) / RATE));

function put(mixer: Mixer, id: string, samples: Float32Array, from = 0, to = samples.length): void {
  for (let start = from; start < to; start += SEGMENT) {
    mixer.putBlock(id, { start, channels: [samples.slice(start, Math.min(start + SEGMENT, samples.length))] });
  }
}

function ready(tracks: Record<string, Float32Array>, gain = 1): Mixer {
  const mixer = new Mixer(RATE);
  mixer.setLength(LENGTH);
  for (const [id, samples] of Object.entries(tracks)) {
    mixer.addTrack(id, samples.length, gain, null);
    put(mixer, id, samples);
  }
  return mixer;
}

function run(mixer: Mixer, frames: number): Float32Array {
  const left = new Float32Array(frames);
  const right = new Float32Array(128);
  for (let at = 0; at < frames; at += 128) {
    mixer.process(left.subarray(at, Math.min(at + 128, frames)), right.subarray(0, Math.min(128, frames - at)));
  }
  return left;
}

const steepest = (samples: ArrayLike<number>) => {
  let most = 0;
  for (let n = 1; n < samples.length; n++) {
    most = Math.max(most, Math.abs((samples[n] as number) - (samples[n - 1] as number)));
  }
  return most;
};

const fade = Math.round(JUMP_S * RATE);
const cross = Math.round(SWITCH_S * RATE);

describe('one track', () => {
  it('is gapless to the sample across segments', () => {
    const a = song(0.5);
    const mixer = ready({ a });
    mixer.select('a');
    mixer.play();
    const heard = run(mixer, 40_000);
    expect(heard.slice(fade + 1)).toEqual(a.slice(fade + 1, heard.length));
  });

  it('stops at the end, and begins again from there', () => {
    const mixer = ready({ a: song(0.5) });
    mixer.select('a');
    mixer.seek(LENGTH - 1_000);
    mixer.play();
    run(mixer, 4_096);
    expect(mixer.state).toMatchObject({ playing: false, ended: true, position: LENGTH });
    mixer.play();
    expect(mixer.state).toMatchObject({ playing: true, position: 0 });
  });

  it('starts, stops and jumps without a click', () => {
    const a = song(0.5);
    const mixer = ready({ a });
    mixer.select('a');
    mixer.play();
    const heard = [...run(mixer, 1_280)];
    mixer.seek(30_123);
    heard.push(...run(mixer, 200)); // within the fade: jump again
    mixer.seek(11_111);
    heard.push(...run(mixer, 1_280));
    mixer.pause();
    heard.push(...run(mixer, 1_280));
    expect(heard.at(-1)).toBe(0);
    expect(steepest(heard)).toBeLessThan(3 * steepest(a) + (3 * 0.5) / fade);
    expect(mixer.state.position).toBe(11_111 + 1_280);
  });
});

describe('a switch', () => {
  it('crosses over at the same place, with no jump that the two do not hold', () => {
    const a = song(0.5);
    const b = song(-0.4);
    const mixer = ready({ a, b });
    mixer.select('a');
    mixer.play();
    const heard = [...run(mixer, 5_120)];
    mixer.select('b');
    heard.push(...run(mixer, 5_120));
    expect(steepest(heard)).toBeLessThan(Math.max(steepest(a), steepest(b)) + 0.9 / cross);
    for (let n = 5_120 + cross + 1; n < heard.length; n++) expect(heard[n]).toBe(b[n]);
  });

  it('waits until the other one is there, and lets the first go on', () => {
    const a = song(0.5);
    const b = song(-0.4);
    const mixer = ready({ a });
    mixer.addTrack('b', LENGTH, 1, null);
    mixer.select('a');
    mixer.play();
    run(mixer, 1_280);
    mixer.select('b');
    const heard = run(mixer, 1_280);
    expect(mixer.state).toMatchObject({ sounding: 'a', waiting: false });
    for (let n = 0; n < heard.length; n++) expect(heard[n]).toBe(a[1_280 + n]);
    put(mixer, 'b', b);
    run(mixer, 1_280);
    expect(mixer.state.sounding).toBe('b');
  });

  it('changes gains by a ramp', () => {
    const a = song(0.5);
    const mixer = ready({ a });
    mixer.select('a');
    mixer.play();
    const heard = [...run(mixer, 1_280)];
    mixer.setGain('a', 0.25);
    heard.push(...run(mixer, 2_560));
    expect(steepest(heard)).toBeLessThan(steepest(a) + 0.5 / cross);
    expect(heard.at(-1)).toBeCloseTo(0.25 * (a[heard.length - 1] as number), 6);
  });
});

describe('a loop', () => {
  it('comes round to the sample, with a short seam', () => {
    const a = song(0.5);
    const mixer = ready({ a });
    mixer.select('a');
    mixer.setLoop({ start: 10_000, end: 13_000 });
    mixer.seek(12_000);
    mixer.play();
    const heard = run(mixer, 10_000);
    for (let n = 1_000 + fade + 1; n < 4_000; n++) expect(heard[n]).toBe(a[10_000 + n - 1_000]);
    for (let n = 4_000 + fade + 1; n < 7_000; n++) expect(heard[n]).toBe(a[10_000 + n - 4_000]);
    expect(steepest(heard)).toBeLessThan(2 * steepest(a) + 1 / fade);
  });

  it('leaves alone who plays behind its end', () => {
    const mixer = ready({ a: song(0.5) });
    mixer.select('a');
    mixer.setLoop({ start: 1_000, end: 5_000 });
    mixer.seek(20_000);
    mixer.play();
    run(mixer, 2_560);
    expect(mixer.state.position).toBe(22_560);
  });
});

describe('missing samples', () => {
  it('fade out before the hole, are said, and go on from the same place', () => {
    const a = song(0.5);
    const mixer = new Mixer(RATE);
    mixer.setLength(LENGTH);
    mixer.addTrack('a', LENGTH, 1, null);
    put(mixer, 'a', a, 0, 3 * SEGMENT);
    mixer.select('a');
    mixer.play();
    const heard = [...run(mixer, 4 * SEGMENT)];
    expect(mixer.state).toMatchObject({ playing: true, waiting: true });
    const stopped = mixer.state.position;
    expect(stopped).toBeGreaterThan(3 * SEGMENT - 2 * fade - 128);
    put(mixer, 'a', a, 3 * SEGMENT);
    heard.push(...run(mixer, SEGMENT));
    expect(mixer.state).toMatchObject({ playing: true, waiting: false, position: stopped + SEGMENT });
    expect(steepest(heard)).toBeLessThan(steepest(a) + 1 / fade);
  });
});

describe('a preview', () => {
  it('sounds within its window and gives way to the song around it', () => {
    const a = song(0.5);
    const b = song(-0.4);
    const mixer = ready({ a });
    mixer.addTrack('p', LENGTH, 1, 'a');
    mixer.putBlock('p', { start: 9_600, channels: [b.slice(9_600, 19_200)] });
    mixer.select('p');
    mixer.play();
    const heard = run(mixer, 24_000);
    for (let n = fade + 1; n < 9_600; n++) expect(heard[n]).toBe(a[n]);
    for (let n = 9_600 + fade; n < 19_200 - fade - 1; n++) expect(heard[n]).toBe(b[n]);
    for (let n = 19_200; n < 24_000; n++) expect(heard[n]).toBe(a[n]);
    expect(steepest(heard)).toBeLessThan(steepest(a) + 1 / fade);
  });

  it('is forgotten when it is retired and another has taken its place', () => {
    const a = song(0.5);
    const mixer = ready({ a });
    for (const id of ['p', 'q']) {
      mixer.addTrack(id, LENGTH, 1, 'a');
      mixer.putBlock(id, { start: 0, channels: [song(id === 'p' ? 0.1 : 0.2)] });
    }
    mixer.select('p');
    mixer.play();
    run(mixer, 1_280);
    mixer.retire('p');
    mixer.select('q');
    run(mixer, 2_560);
    mixer.select('p'); // gone: nothing happens
    run(mixer, 2_560);
    expect(mixer.state.sounding).toBe('q');
  });

  it('keeps its own level apart from that of the song beneath', () => {
    const a = song(0.5);
    const mixer = ready({ a }, 0.5);
    mixer.addTrack('p', LENGTH, 0.25, 'a');
    mixer.putBlock('p', { start: 9_600, channels: [a.slice(9_600, 19_200)] });
    mixer.select('p');
    mixer.play();
    const heard = run(mixer, 24_000);
    expect(heard[5_000]).toBeCloseTo(0.5 * (a[5_000] as number), 7);
    expect(heard[15_000]).toBeCloseTo(0.25 * (a[15_000] as number), 7);
  });
});
