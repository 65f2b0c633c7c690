/** The audio thread's end of the player: takes messages, mixes, meters, and tells where it is. */

import { LoudnessMeter } from './loudness.ts';
import type { FromWorklet, ToWorklet } from './messages.ts';
import { Mixer } from './mixer.ts';

// The names of the audio thread, which the page's own library of types does not hold.
declare const sampleRate: number;
declare const currentTime: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

const TELL_S = 1 / 30;

type ForMixer = Exclude<ToWorklet, { do: 'record' }>;

/** What each message does to the mixer. */
const DEEDS: { [K in ForMixer['do']]: (mixer: Mixer, message: Extract<ForMixer, { do: K }>) => void } = {
  length: (mixer, { frames }) => mixer.setLength(frames),
  track: (mixer, { id, frames, gain, under }) => mixer.addTrack(id, frames, gain, under),
  remove: (mixer, { id }) => mixer.removeTrack(id),
  retire: (mixer, { id }) => mixer.retire(id),
  select: (mixer, { id }) => mixer.select(id),
  block: (mixer, { id, start, channels }) => mixer.putBlock(id, { start, channels }),
  drop: (mixer, { id, start }) => mixer.dropBlock(id, start),
  gain: (mixer, { id, gain }) => mixer.setGain(id, gain),
  volume: (mixer, { gain }) => mixer.setVolume(gain),
  loop: (mixer, { loop }) => mixer.setLoop(loop),
  play: (mixer) => mixer.play(),
  pause: (mixer) => mixer.pause(),
  seek: (mixer, { frame }) => mixer.seek(frame),
};

function obey(mixer: Mixer, message: ForMixer): void {
  (DEEDS[message.do] as (mixer: Mixer, message: ForMixer) => void)(mixer, message);
}

interface Recording {
  id: number;
  position: number;
  channels: [Float32Array, Float32Array];
  filled: number;
}

class Player extends AudioWorkletProcessor {
  readonly #mixer = new Mixer(sampleRate);
  readonly #meter = new LoudnessMeter(sampleRate);
  #recordings: Recording[] = [];
  #sinceTold = 0;
  #order = 0;

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<ToWorklet>) => this.#take(event.data);
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] as [Float32Array, Float32Array];
    const before = this.#mixer.state.position;
    this.#mixer.process(left, right);
    this.#meter.add(left, right);
    this.#record(left, right, before);
    this.#sinceTold += left.length;
    if (this.#sinceTold >= TELL_S * sampleRate) this.#tell(left.length);
    return true;
  }

  #take(message: ToWorklet): void {
    if (message.do === 'record') {
      const channels: Recording['channels'] = [new Float32Array(message.frames), new Float32Array(message.frames)];
      this.#recordings.push({ id: message.id, position: -1, channels, filled: 0 });
      return;
    }
    if ('order' in message) this.#order = message.order;
    obey(this.#mixer, message);
  }

  #tell(frames: number): void {
    this.#sinceTold = 0;
    const time = currentTime + frames / sampleRate; // when the frame at `position` sounds
    this.#post({ is: 'state', time, order: this.#order, ...this.#mixer.state, ...this.#meter.read() });
  }

  /** Keep exactly what leaves, for who asked. */
  #record(left: Float32Array, right: Float32Array, position: number): void {
    for (const recording of this.#recordings) {
      if (recording.filled === 0) recording.position = position;
      const room = Math.min(left.length, recording.channels[0].length - recording.filled);
      recording.channels[0].set(left.subarray(0, room), recording.filled);
      recording.channels[1].set(right.subarray(0, room), recording.filled);
      recording.filled += room;
      if (recording.filled < recording.channels[0].length) continue;
      const { id, position: from, channels } = recording;
      this.#post(
        { is: 'recorded', id, position: from, channels },
        channels.map((channel) => channel.buffer),
      );
    }
    this.#recordings = this.#recordings.filter((recording) => recording.filled < recording.channels[0].length);
  }

  #post(message: FromWorklet, transfer: Transferable[] = []): void {
    this.port.postMessage(message, transfer);
  }
}

registerProcessor('tonewright-player', Player);
