/** What the page and the audio thread say to each other. Frames are of the context's rate. */

import type { Reading } from './loudness.ts';
import type { MixerState } from './mixer.ts';

export type ToWorklet =
  | { do: 'length'; frames: number }
  | { do: 'track'; id: string; frames: number; gain: number; under: string | null }
  | { do: 'remove'; id: string }
  | { do: 'retire'; id: string }
  | { do: 'select'; id: string }
  | { do: 'block'; id: string; start: number; channels: Float32Array[] }
  | { do: 'drop'; id: string; start: number }
  | { do: 'gain'; id: string; gain: number }
  | { do: 'volume'; gain: number }
  | { do: 'loop'; loop: { start: number; end: number } | null }
  | { do: 'play'; order: number }
  | { do: 'pause'; order: number }
  | { do: 'seek'; order: number; frame: number }
  | { do: 'record'; id: number; frames: number };

export type FromWorklet =
  /** order: the last of those that move the playhead which was obeyed; what was told before it is out of date. */
  | ({ is: 'state'; time: number; order: number } & MixerState & Reading)
  | { is: 'recorded'; id: number; position: number; channels: Float32Array[] };
