/** A short list of the service's, with things added and removed. */

import { api, newKey, words } from '../../api/client.ts';

export class List<T extends { id: string }> {
  items = $state.raw<readonly T[]>([]);
  fault = $state('');
  readonly path: string;
  // the same wish sent again makes nothing more
  #key = newKey();

  constructor(path: string) {
    this.path = path;
  }

  async load(): Promise<void> {
    try {
      this.items = await api.all<T>(this.path);
      this.fault = '';
    } catch (error) {
      this.fault = words(error).message;
    }
  }

  async add<N extends T>(body: object): Promise<N> {
    const made = await api.post<N>(this.path, body, { idempotency: this.#key });
    this.#key = newKey();
    this.items = [made, ...this.items];
    return made;
  }

  async change(item: T, body: object): Promise<void> {
    const changed = await api.patch<T>(`${this.path}/${item.id}`, body);
    this.items = this.items.map((each) => (each.id === item.id ? changed : each));
  }

  async remove(item: T): Promise<void> {
    await api.delete(`${this.path}/${item.id}`);
    this.items = this.items.filter((each) => each.id !== item.id);
  }
}
