import { describe, expect, it } from 'vitest';
import { kWeighting, LoudnessMeter } from './loudness.ts';

const sine = (rate: number, level_dbfs: number, seconds: number, hz = 1000) =>
  Float32Array.from(
    { length: rate * seconds },
    (_, n) => 10 ** (level_dbfs / 20) * Math.sin((2 * Math.PI * hz * n) / rate),
  );

describe('momentary loudness', () => {
  // EBU Tech 3341, case 1: a stereo sine of 1 kHz at -23 dBFS is -23 LUFS
  it.each([44_100, 48_000, 96_000])('of a stereo sine at -23 dBFS is -23 LUFS at %i Hz', (rate) => {
    const meter = new LoudnessMeter(rate);
    const tone = sine(rate, -23, 1);
    meter.add(tone, tone);
    const reading = meter.read();
    expect(reading.momentary_lufs).toBeCloseTo(-23, 1);
    expect(reading.peak_dbfs[0]).toBeCloseTo(-23, 1);
  });

  it('of silence is undefined', () => {
    const meter = new LoudnessMeter(48_000);
    meter.add(new Float32Array(48_000), new Float32Array(48_000));
    expect(meter.read()).toEqual({ momentary_lufs: null, peak_dbfs: [null, null] });
  });

  it('does not depend on how the sound is cut', () => {
    const tone = sine(48_000, -12, 0.5, 300);
    const whole = new LoudnessMeter(48_000);
    const pieces = new LoudnessMeter(48_000);
    whole.add(tone, tone);
    for (let at = 0; at < tone.length; at += 128) {
      const piece = tone.subarray(at, at + 128);
      pieces.add(piece, piece);
    }
    expect(pieces.read()).toEqual(whole.read());
  });
});

describe('K-weighting', () => {
  // BS.1770-5, tables 1 and 2
  it('is the standard’s at 48 kHz', () => {
    const [shelf, highPass] = kWeighting(48_000);
    expect(shelf.b0).toBeCloseTo(1.53512485958697, 10);
    expect(shelf.b1).toBeCloseTo(-2.69169618940638, 10);
    expect(shelf.b2).toBeCloseTo(1.19839281085285, 10);
    expect(shelf.a1).toBeCloseTo(-1.69065929318241, 10);
    expect(shelf.a2).toBeCloseTo(0.73248077421585, 10);
    expect(highPass.a1).toBeCloseTo(-1.99004745483398, 10);
    expect(highPass.a2).toBeCloseTo(0.99007225036621, 10);
  });
});
