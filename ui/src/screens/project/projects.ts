/** What the list of projects and a project's own page both do. */

import { api } from '../../api/client.ts';
import type { Project } from '../../api/types.ts';
import { toasts } from '../../parts/toasts.svelte.ts';
import { router } from '../../router.svelte.ts';

/** Put a project away, with a way to take it back. Gives whether it went. */
export async function deleteProject(project: Project, restored?: () => void): Promise<boolean> {
  try {
    await api.delete(`/api/projects/${project.id}`);
  } catch (error) {
    toasts.error(error);
    return false;
  }
  const back = restored ?? (() => router.go(`/projects/${project.id}`));
  toasts.show(`${project.title} is deleted.`, {
    action: { label: 'Undo', run: () => void restore(project).then((came) => came && back()) },
  });
  return true;
}

/** Take a deleted project back. Gives whether it came. */
export async function restore(project: Project): Promise<boolean> {
  try {
    await api.post(`/api/projects/${project.id}/restore`);
    return true;
  } catch (error) {
    toasts.error(error);
    return false;
  }
}
