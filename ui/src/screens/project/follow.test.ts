import { describe, expect, test } from 'vitest';
import type { Audio, Job, Master, Song } from '../../api/types.ts';
import { moved, standing, withAudio, withJob, withMaster, withSong } from './follow.ts';

const song = (id: string, position = 0, rest: Partial<Song> = {}): Song =>
  ({ id, project_id: 'p', position, mix: null, references: [], masters: [], jobs: [], ...rest }) as unknown as Song;
const job = (rest: Partial<Job>): Job =>
  ({ id: 'j', kind: 'master', state: 'running', stage: '', done: 0.5, song_id: 'a', ...rest }) as Job;
const mix = (rest: Partial<Audio> = {}): Audio =>
  ({ id: 'x', song_id: 'a', role: 'mix', state: 'ready', error: null, created_at: '1', ...rest }) as Audio;
const master = (rest: Partial<Master>): Master =>
  ({ id: 'm', song_id: 'a', number: 1, state: 'ready', error: null, measurements: null, ...rest }) as Master;

describe('events', () => {
  test('a song comes to its place, changes, goes', () => {
    let songs = withSong([song('a', 0), song('c', 2)], song('b', 1), 'p');
    expect(songs.map((each) => each.id)).toEqual(['a', 'b', 'c']);
    songs = withSong(songs, song('b', 1, { title: 'New' }), 'p');
    expect(songs[1]?.title).toBe('New');
    songs = withSong(songs, { id: 'b', project_id: 'p', deleted: true }, 'p');
    expect(songs.map((each) => each.id)).toEqual(['a', 'c']);
  });

  test('another project’s song is not ours', () => {
    expect(withSong([song('a')], song('b', 1, { project_id: 'q' }), 'p')).toHaveLength(1);
  });

  test('work comes, goes on and ends', () => {
    let songs = withJob([song('a')], job({ state: 'queued' }));
    songs = withJob(songs, job({ done: 0.7 }));
    expect(songs[0]?.jobs).toHaveLength(1);
    expect(songs[0]?.jobs[0]?.done).toBe(0.7);
    expect(withJob(songs, job({ state: 'done' }))[0]?.jobs).toEqual([]);
  });

  test('an older mix does not come back', () => {
    const songs = withAudio([song('a', 0, { mix: mix({ id: 'new', created_at: '2' }) })], mix({ id: 'old' }));
    expect(songs[0]?.mix?.id).toBe('new');
  });

  test('versions stay in order', () => {
    const songs = withMaster([song('a', 0, { masters: [master({ id: 'n', number: 2 })] })], master({}));
    expect(songs[0]?.masters.map((each) => each.number)).toEqual([1, 2]);
  });
});

test('a song is moved, and the others make room', () => {
  const songs = [song('a', 0), song('b', 1), song('c', 2)];
  expect(moved(songs, 'c', 0).map((each) => [each.id, each.position])).toEqual([
    ['c', 0],
    ['a', 1],
    ['b', 2],
  ]);
  expect(moved(songs, 'a', 9).at(-1)?.id).toBe('a');
});

describe('how a song stands', () => {
  const of = (rest: Partial<Song>) => standing(song('a', 0, rest));

  test('from nothing to ready', () => {
    expect(of({}).kind).toBe('empty');
    expect(of({ mix: mix({ state: 'checking' }), jobs: [job({ kind: 'arrive', state: 'queued' })] }).text).toBe(
      'Waits to be checked',
    );
    expect(of({ mix: mix(), jobs: [job({ stage: 'limit and write' })] })).toMatchObject({
      kind: 'working',
      text: 'Mastering: rendering',
      done: 0.5,
    });
    expect(of({ mix: mix() }).kind).toBe('analysed');
    const measurements = { integrated_lufs: -14 } as Master['measurements'];
    expect(of({ mix: mix(), masters: [master({ measurements })] })).toMatchObject({
      kind: 'ready',
      text: 'Version 1 · −14.0 LUFS',
    });
  });

  test('a failure tells why and what to do', () => {
    const error = { code: 'bug', message: 'It broke.', remedy: 'Try again.' };
    expect(of({ mix: mix(), masters: [master({ state: 'failed', error })] })).toMatchObject({
      kind: 'failed',
      text: 'It broke.',
      remedy: 'Try again.',
      retry: true,
    });
    const refused = mix({
      state: 'refused',
      error: { code: 'not_audio', message: 'No sound.', remedy: 'Send one.' },
    });
    expect(of({ mix: refused })).toMatchObject({ kind: 'failed', text: 'No sound.', retry: false });
  });

  test('a file to take away is no work on the song', () => {
    expect(of({ mix: mix(), masters: [master({})], jobs: [job({ kind: 'deliver' })] }).kind).toBe('ready');
  });
});
