import { expect, test } from 'vitest';
import type { Project } from '../../api/types.ts';
import { found } from './search.ts';

test('projects are found by any words of title and artist', () => {
  const projects = [
    { title: 'Harbour Lights', artist: 'Beyoncé' },
    { title: 'Night Bus', artist: 'Kollektiv' },
  ] as Project[];
  const titles = (search: string) => found(projects, search).map((project) => project.title);
  expect(titles('')).toHaveLength(2);
  expect(titles('beyonce')).toEqual(['Harbour Lights']);
  expect(titles('kol night')).toEqual(['Night Bus']);
  expect(titles('nothing')).toEqual([]);
});
