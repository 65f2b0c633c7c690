/**
 * The shapes that the service speaks, as the screens use them.
 *
 * Written by hand from the same plan as the service; `npm run types` makes schema.ts from docs/openapi.json.
 */

export type Id = string;
/** ISO 8601, UTC. */
export type Time = string;

export interface Fault {
  code: string;
  message: string;
  remedy: string;
}

export interface Me {
  id: Id;
  email: string | null;
  display_name: string;
  role: 'artist' | 'engineer' | 'admin';
  is_visitor: boolean;
  expires_at: Time | null;
  has_password: boolean;
}

export interface Project {
  id: Id;
  kind: 'single' | 'album';
  title: string;
  artist: string;
  owner_id: Id;
  team_id: Id | null;
  /** How they stand; what has no sound yet is only counted. duration_s: of all together. */
  songs: { count: number; ready: number; at_work: number; failed: number; duration_s: number };
  created_at: Time;
  changed_at: Time;
  deleted_at: Time | null;
}

/** What `tonewright measure` measures. Undefined is null. */
export interface Measurements {
  integrated_lufs: number | null;
  momentary_max_lufs: number | null;
  short_term_max_lufs: number | null;
  lra_lu: number | null;
  true_peak_dbtp: number | null;
  sample_peak_dbfs: number | null;
  plr_db: number | null;
  psr_min_db: number | null;
  duration_s: number;
  rate_hz: number;
  channels: number;
}

/** FLAC files of segment_frames each, one after another; offsets: where each begins, in bytes. */
export interface ListenIndex {
  rate_hz: number;
  frames: number;
  segment_frames: number;
  offsets: number[];
}

export interface Tags {
  title?: string | null;
  artist?: string | null;
  track_number?: number | null;
  isrc?: string | null;
}

export interface Audio {
  id: Id;
  song_id: Id;
  role: 'mix' | 'reference';
  state: 'checking' | 'ready' | 'refused';
  error: Fault | null;
  filename: string;
  bytes: number;
  sha256: string;
  rate_hz: number | null;
  channels: number | null;
  frames: number | null;
  duration_s: number | null;
  tags: Tags;
  measurements: Measurements | null;
  listen_index: ListenIndex | null;
  weight: number;
  created_at: Time;
}

export type Aspect = 'tone' | 'dynamics' | 'width' | 'loudness';

export type CharacterName = 'warmth' | 'brightness' | 'low_end' | 'punch' | 'width' | 'presence' | 'loudness';

/** One order to the engine. References live beside the song, not in here. */
export interface Intent {
  target?: string;
  lufs?: number | null;
  ceiling_dbtp?: number | null;
  character?: Partial<Record<CharacterName, number>>;
  match?: Partial<Record<Aspect, number>>;
  amount?: number;
  keep?: Aspect[];
  mode?: 'master' | 'repair';
}

export interface Because {
  text: string;
  finding: string | null;
  evidence: Record<string, number>;
}

export type ParamValue = number | string | boolean | null | ParamValue[] | { [name: string]: ParamValue };
export type StepParams = Record<string, ParamValue>;

export interface Step {
  id: string;
  kind: string;
  params: StepParams;
  because: Because[];
  enabled: boolean;
}

export interface Recipe {
  version: number;
  engine: string;
  input: { sha256: string; rate_hz: number; channels: number; frames: number } | null;
  steps: Step[];
}

export interface Decision {
  step: string;
  effect: string;
  because: Because[];
}

/** What was asked for and could not be had, in words. */
export interface Shortfall {
  message: string;
  [name: string]: unknown;
}

export interface Finding {
  kind: string;
  severity: number;
  confidence: number;
  /** Stretches of time in seconds; none means the whole song. */
  regions: [number, number][];
  evidence: Record<string, unknown>;
  message: string;
  remedy: { step: string; params?: StepParams; effect: Record<string, number>; note: string } | null;
}

export interface Section {
  label: string;
  start_s: number;
  end_s: number;
  integrated_lufs: number | null;
  relative_lu: number | null;
}

/** `tonewright analyze --json`, as far as the studio shows it. */
export interface Analysis {
  measurements: Measurements;
  spectrum: { centre_hz: number[]; level_db: (number | null)[]; relative_db: (number | null)[] };
  sections: Section[];
  stereo: { centre_hz: number[]; correlation: (number | null)[]; width_db: (number | null)[] } | null;
  findings: Finding[];
}

export type MasterState = 'queued' | 'rendering' | 'ready' | 'failed' | 'cancelled';

/** One version of a song. author null: the assistant. */
export interface Master {
  id: Id;
  song_id: Id;
  audio_id: Id;
  number: number;
  parent_id: Id | null;
  author: { id: Id; display_name: string } | null;
  why: string;
  state: MasterState;
  error: Fault | null;
  recipe_given: boolean;
  recipe_digest: string;
  engine_version: string;
  measurements: Measurements | null;
  listen_index: ListenIndex | null;
  created_at: Time;
  ready_at: Time | null;
}

export interface MasterDetail extends Master {
  intent: Intent;
  references: { audio_id: Id; filename: string; weight: number }[];
  recipe: Recipe | null;
  decisions: Decision[];
  shortfalls: Shortfall[];
}

export type JobState = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Job {
  id: Id;
  kind: 'arrive' | 'master' | 'deliver';
  state: JobState;
  song_id: Id;
  audio_id: Id | null;
  master_id: Id | null;
  delivery_id: Id | null;
  stage: string;
  /** 0..1 of the whole. */
  done: number;
  attempts: number;
  error: Fault | null;
  created_at: Time;
  started_at: Time | null;
  finished_at: Time | null;
}

export interface Song {
  id: Id;
  project_id: Id;
  title: string;
  artist: string;
  track_number: number | null;
  isrc: string;
  brief: string;
  position: number;
  intent: Intent;
  mix: Audio | null;
  references: Audio[];
  masters: Master[];
  jobs: Job[];
}

export interface Delivery {
  id: Id;
  master_id: Id;
  format: string;
  bits: string;
  state: 'queued' | 'ready' | 'failed';
  error: Fault | null;
  notes: string[];
  filename: string;
  bytes: number;
}

export interface Upload {
  id: Id;
  filename: string;
  bytes: number;
  part_bytes: number;
  parts: { number: number; bytes: number; sha256: string }[];
  state: 'open' | 'assembling' | 'done' | 'aborted';
  role: 'mix' | 'reference';
  project_id: Id | null;
  song_id: Id | null;
  audio_id: Id | null;
  expires_at: Time;
}

/** One number as the engine declares it: name, range, step, unit, help. */
export interface KnobSpec {
  name: string;
  default: number;
  low: number;
  high: number;
  unit: string;
  step: number;
  scale: 'linear' | 'log';
  help: string;
}

export interface Processor {
  kind: string;
  title: string;
  help: string;
  knobs: KnobSpec[];
  schema: JsonSchema;
}

export interface JsonSchema {
  title?: string;
  description?: string;
  type?: string;
  enum?: (string | number)[];
  default?: unknown;
  properties?: Record<string, JsonSchema>;
  items?: JsonSchema;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  anyOf?: JsonSchema[];
  [name: string]: unknown;
}

/** GET /api/controls: the studio's own knobs, from the engine's Character, Match and Intent. */
export interface Controls {
  character: KnobSpec[];
  match: KnobSpec[];
  amount: KnobSpec;
  reference_weight: KnobSpec;
  /** lufs and ceiling_dbtp, which may be left to the target. */
  numbers: (Omit<KnobSpec, 'default'> & { default: number | null })[];
}

export interface Target {
  name: string;
  title: string;
  lufs: number;
  ceiling_dbtp: number;
  loud_ceiling_dbtp: number | null;
  normalises: string;
  plays_at_lufs: number | null;
  raises: string;
  note: string;
  source: string;
  as_of: string;
  confidence: string;
}

/** POST /api/songs/{id}/propose and /settle. state: estimate until the loudness has been found as a master has it. */
export interface Proposal {
  recipe: Recipe;
  decisions: Decision[];
  shortfalls: Shortfall[];
  state: 'estimate' | 'exact';
  /** What it comes to, as far as it is known. */
  integrated_lufs: number | null;
}

/** At most 1200 columns, each with the least and the greatest value in it; null where there is none. */
export interface OverTime {
  start_s: number;
  hop_s: number;
  low: (number | null)[];
  high: (number | null)[];
}

/** One side of the pictures: a sound as it is. */
export interface Side {
  integrated_lufs: number | null;
  momentary_lufs: OverTime;
  short_term_lufs: OverTime;
  true_peak_dbtp: OverTime;
  spectrum: {
    centre_hz: number[];
    level_db: (number | null)[];
    p10_db: (number | null)[];
    p95_db: (number | null)[];
  };
  stereo: {
    centre_hz: number[];
    correlation: (number | null)[];
    width_db: (number | null)[];
    balance_db: (number | null)[];
    overall_correlation: number | null;
    correlation_over_time: OverTime;
  } | null;
}

/** GET /api/masters/{id}/curves. */
export interface Curves {
  version: number;
  duration_s: number;
  before: Side;
  after: Side;
  gain_reduction_db: OverTime | null;
}
