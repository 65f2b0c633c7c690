/** Every screen and its path. What is not listed is not found. */

import type { Route } from './router.svelte.ts';

export const routes: readonly Route[] = [
  { pattern: '/songs/:id', load: () => import('./studio/Studio.svelte') },
  { pattern: '/', load: () => import('./screens/start/Start.svelte'), open: true },
  { pattern: '/signin', load: () => import('./screens/account/SignIn.svelte'), open: true },
  { pattern: '/signup', load: () => import('./screens/account/SignUp.svelte'), open: true },
  { pattern: '/reset', load: () => import('./screens/account/Forgot.svelte'), open: true },
  { pattern: '/reset/:key', load: () => import('./screens/account/Reset.svelte'), open: true },
  { pattern: '/projects/:id', load: () => import('./screens/project/Project.svelte') },
  { pattern: '/work', load: () => import('./screens/work/Work.svelte') },
  { pattern: '/settings', load: () => import('./screens/settings/Account.svelte') },
  { pattern: '/settings/security', load: () => import('./screens/settings/Security.svelte') },
  { pattern: '/settings/programs', load: () => import('./screens/settings/Programs.svelte') },
  { pattern: '/teams', load: () => import('./screens/settings/Teams.svelte') },
];
