/** A project with its songs, as it stands and as it goes on. */

import { ApiError, api, words } from '../../api/client.ts';
import type { Audio, Job, Master, Project, Song } from '../../api/types.ts';
import { listen } from '../../events.ts';
import { moved, type SongEvent, withAudio, withJob, withMaster, withSong } from './follow.ts';

export type SongChanges = Partial<Pick<Song, 'title' | 'artist' | 'track_number' | 'isrc'>>;

export class ProjectDesk {
  project = $state.raw<Project | null>(null);
  songs = $state.raw<readonly Song[]>([]);
  error = $state.raw<{ title: string; message: string; remedy: string } | null>(null);
  readonly id: string;
  #stop: (() => void) | null = null;

  constructor(id: string) {
    this.id = id;
  }

  async load(): Promise<void> {
    this.error = null;
    try {
      [this.project, this.songs] = await Promise.all([
        api.get<Project>(`/api/projects/${this.id}`),
        api.all<Song>(`/api/projects/${this.id}/songs`),
      ]);
      this.#stop ??= listen(
        {
          song: (song: SongEvent) => {
            this.songs = withSong(this.songs, song, this.id);
          },
          job: (job: Job) => {
            this.songs = withJob(this.songs, job);
          },
          audio: (audio: Audio) => {
            this.songs = withAudio(this.songs, audio);
          },
          master: (master: Master) => {
            this.songs = withMaster(this.songs, master);
          },
        },
        { opened: () => void this.refresh() },
      );
    } catch (error) {
      const gone = error instanceof ApiError && error.status === 404;
      this.error = {
        title: gone ? 'There is no such project' : 'The project could not be loaded',
        ...words(error),
      };
    }
  }

  close(): void {
    this.#stop?.();
  }

  /** Look again: events may have been missed. A failure shows in what is asked next. */
  async refresh(): Promise<void> {
    try {
      this.songs = await api.all<Song>(`/api/projects/${this.id}/songs`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
    }
  }

  async rename(changes: Partial<Pick<Project, 'title' | 'artist' | 'kind' | 'team_id'>>): Promise<void> {
    this.project = await api.patch<Project>(`/api/projects/${this.id}`, changes);
  }

  async describe(song: Song, changes: SongChanges): Promise<void> {
    this.songs = withSong(this.songs, await api.patch<Song>(`/api/songs/${song.id}`, changes), this.id);
  }

  /** Show a song at another place, without telling anybody yet. */
  show(id: string, place: number): void {
    this.songs = moved(this.songs, id, place);
  }

  /** Put a song at a place for good. */
  async place(id: string, place: number): Promise<void> {
    this.show(id, place);
    try {
      await api.patch<Song>(`/api/songs/${id}`, { position: Math.max(0, place) });
    } finally {
      await this.refresh();
    }
  }

  async remove(song: Song): Promise<void> {
    await api.delete(`/api/songs/${song.id}`);
    this.songs = this.songs.filter((each) => each.id !== song.id);
  }

  /** Take up again what failed or was cancelled last. */
  async retry(song: Song): Promise<void> {
    const query = { song: song.id, limit: 20 };
    const { items } = await api.get<{ items: Job[] }>('/api/jobs', { query });
    const last = items.find(
      (job) => job.kind !== 'deliver' && (job.state === 'failed' || job.state === 'cancelled'),
    );
    if (!last) throw new Error('There is nothing to take up again.');
    this.songs = withJob(this.songs, await api.post<Job>(`/api/jobs/${last.id}/retry`));
    await this.refresh();
  }

  async cancel(job: Job): Promise<void> {
    await api.post(`/api/jobs/${job.id}/cancel`);
  }
}
