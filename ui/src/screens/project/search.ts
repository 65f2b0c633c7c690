/** Finding projects among those that are loaded. */

import type { Project } from '../../api/types.ts';

/** Those whose title or artist holds every word that is looked for. */
export function found(projects: readonly Project[], search: string): Project[] {
  const wanted = plain(search).split(/\s+/).filter(Boolean);
  return projects.filter((project) => {
    const text = plain(`${project.title} ${project.artist}`);
    return wanted.every((word) => text.includes(word));
  });
}

/** Without accents and case: "Beyoncé" is found by "beyonce". */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
