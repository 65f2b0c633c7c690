/** A project's songs as events change them, and how each stands in words. Plain, so that it can be tested. */

import type { Audio, Job, Master, Song } from '../../api/types.ts';
import { number, stage } from '../../studio/words.ts';

export type Gone = { id: string; project_id: string; deleted: true };
export type SongEvent = Song | Gone;

export const isOpen = (job: Job) => job.state === 'queued' || job.state === 'running';

/** A song was changed, added or deleted. */
export function withSong(songs: readonly Song[], told: SongEvent, projectId: string): Song[] {
  const others = songs.filter((song) => song.id !== told.id);
  if ('deleted' in told || told.project_id !== projectId) return others;
  return [...others, told].sort((a, b) => a.position - b.position);
}

/** Work on a song goes on, or has ended. */
export function withJob(songs: readonly Song[], job: Job): Song[] {
  return change(songs, job.song_id, (song) => {
    const others = song.jobs.filter((each) => each.id !== job.id);
    return { ...song, jobs: isOpen(job) ? [...others, job] : others };
  });
}

export function withAudio(songs: readonly Song[], audio: Audio): Song[] {
  return change(songs, audio.song_id, (song) => {
    if (audio.role === 'mix') {
      const newer = !song.mix || song.mix.id === audio.id || song.mix.created_at < audio.created_at;
      return newer ? { ...song, mix: audio } : song;
    }
    const others = song.references.filter((each) => each.id !== audio.id);
    return { ...song, references: [...others, audio] };
  });
}

export function withMaster(songs: readonly Song[], master: Master): Song[] {
  return change(songs, master.song_id, (song) => ({
    ...song,
    masters: [...song.masters.filter((each) => each.id !== master.id), master].sort((a, b) => a.number - b.number),
  }));
}

function change(songs: readonly Song[], id: string, act: (song: Song) => Song): Song[] {
  return songs.map((song) => (song.id === id ? act(song) : song));
}

/** The list with one song at another place. */
export function moved(songs: readonly Song[], id: string, place: number): Song[] {
  const song = songs.find((each) => each.id === id);
  if (!song) return [...songs];
  const others = songs.filter((each) => each.id !== id);
  const at = Math.max(0, Math.min(others.length, place));
  return [...others.slice(0, at), song, ...others.slice(at)].map((each, position) => ({ ...each, position }));
}

export interface Standing {
  kind: 'empty' | 'waiting' | 'working' | 'ready' | 'failed' | 'analysed';
  text: string;
  /** What to do, where something went wrong. */
  remedy: string;
  /** 0..1 of the work that goes on; null while it is not known. */
  done: number | null;
  job: Job | null;
  /** Whether the same again may do. */
  retry: boolean;
}

const still: Standing = { kind: 'empty', text: '', remedy: '', done: null, job: null, retry: false };

/** How a song stands. */
export function standing(song: Song): Standing {
  const running = song.jobs.find((job) => job.state === 'running') ?? song.jobs[0];
  if (running && running.kind !== 'deliver') return working(running);
  const { mix } = song;
  if (!mix) return { ...still, text: 'No mix yet' };
  if (mix.state === 'refused') {
    const told = mix.error ?? { message: 'The file could not be used.', remedy: 'Send another.', code: '' };
    // what is wrong with the file stays wrong; what went wrong here may not
    const ours = ['bug', 'interrupted', 'failed', 'storage_failed', 'disk_full', 'timeout'].includes(told.code);
    return { ...still, kind: 'failed', text: told.message, remedy: told.remedy, retry: ours };
  }
  if (mix.state === 'checking') return { ...still, kind: 'waiting', text: 'Waits to be checked' };
  const last = song.masters.at(-1);
  if (last?.state === 'failed') {
    return {
      ...still,
      kind: 'failed',
      text: last.error?.message ?? `Version ${last.number} could not be made.`,
      remedy: last.error?.remedy ?? '',
      retry: true,
    };
  }
  const ready = song.masters.filter((master) => master.state === 'ready').at(-1);
  if (ready) {
    const loudness = ready.measurements ? ` · ${number(ready.measurements.integrated_lufs)} LUFS` : '';
    return { ...still, kind: 'ready', text: `Version ${ready.number}${loudness}` };
  }
  if (last?.state === 'cancelled')
    return { ...still, kind: 'analysed', text: 'Mastering was cancelled', retry: true };
  return { ...still, kind: 'analysed', text: 'Analysed' };
}

function working(job: Job): Standing {
  if (job.state === 'queued') {
    return {
      ...still,
      kind: 'waiting',
      text: job.kind === 'arrive' ? 'Waits to be checked' : 'Waits to be mastered',
      job,
    };
  }
  const what = job.kind === 'arrive' ? 'Checking' : 'Mastering';
  const step = job.stage ? `${what}: ${stage(job.stage).toLowerCase()}` : what;
  return { ...still, kind: 'working', text: step, done: job.done, job };
}
