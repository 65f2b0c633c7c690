/** How loud each track is played, and why. */

import type { Target } from '../api/types.ts';

export interface Level {
  id: string;
  /** As the engine measured it; null for silence or where it is not known yet. */
  integrated_lufs: number | null;
  true_peak_dbtp: number | null;
}

export type Listening = { kind: 'as_is' } | { kind: 'matched' } | { kind: 'platform'; target: Target };

/** The gain in dB for each track. Matched: all as loud as the quietest, so that nothing has to be limited. */
export function gainsDb(levels: readonly Level[], listening: Listening): Map<string, number> {
  const known = levels.map((level) => level.integrated_lufs).filter((lufs) => lufs !== null);
  const quietest = known.length > 0 ? Math.min(...known) : 0;
  return new Map(
    levels.map((level) => {
      if (listening.kind === 'as_is' || level.integrated_lufs === null) return [level.id, 0];
      if (listening.kind === 'matched') return [level.id, quietest - level.integrated_lufs];
      return [
        level.id,
        onPlatform(listening.target, level.integrated_lufs, level.true_peak_dbtp ?? 0).gain_db ?? 0,
      ];
    }),
  );
}

export interface OnPlatform {
  /** null: it does not change levels, or nobody knows. */
  gain_db: number | null;
  plays_at_lufs: number | null;
  over_ceiling_db: number;
  asks_ceiling_dbtp: number;
}

/** What a service does to a sound of this loudness and peak: the engine's own rule (engine.targets.Target.on_this). */
export function onPlatform(target: Target, integrated_lufs: number, true_peak_dbtp: number): OnPlatform {
  let gain_db: number | null = null;
  if (target.plays_at_lufs !== null) {
    gain_db = target.plays_at_lufs - integrated_lufs;
    if (gain_db > 0) {
      const headroom = target.raises.includes('headroom') ? Math.max(0, target.ceiling_dbtp - true_peak_dbtp) : 0;
      gain_db = Math.min(gain_db, headroom);
    }
  }
  const louder = target.plays_at_lufs !== null && integrated_lufs > target.plays_at_lufs;
  const ceiling = louder && target.loud_ceiling_dbtp !== null ? target.loud_ceiling_dbtp : target.ceiling_dbtp;
  return {
    gain_db,
    plays_at_lufs: gain_db === null ? null : integrated_lufs + gain_db,
    asks_ceiling_dbtp: ceiling,
    over_ceiling_db: Math.max(0, true_peak_dbtp - ceiling),
  };
}

export const fromDb = (db: number): number => 10 ** (db / 20);
export const toDb = (gain: number): number => 20 * Math.log10(gain);
