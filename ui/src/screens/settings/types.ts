/** Shapes of what is set: teams, tokens, webhooks, and what allauth tells of an account. */

import type { Id, Time } from '../../api/types.ts';

export interface Team {
  id: Id;
  name: string;
  my_role: 'owner' | 'member';
  created_at: Time;
}
export interface Member {
  user_id: Id;
  email: string | null;
  display_name: string;
  role: 'owner' | 'member';
}
export interface Invitation {
  id: Id;
  email: string;
  expires_at: Time;
}
/** A team that I am asked to join. */
export interface Asked {
  id: Id;
  team_id: Id;
  team: string;
  invited_by: string;
  expires_at: Time;
}
export interface Token {
  id: Id;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: Time;
  last_used_at: Time | null;
  expires_at: Time | null;
}
export const EVENTS = ['master.ready', 'master.failed', 'song.analysed', 'delivery.ready'] as const;
export interface Webhook {
  id: Id;
  url: string;
  events: string[];
  enabled: boolean;
  created_at: Time;
}
export interface Message {
  id: Id;
  event: string;
  state: 'waiting' | 'sent' | 'failed';
  attempts: number;
  next_at: Time | null;
  status: number | null;
  answer: string;
  created_at: Time;
}
export interface Address {
  email: string;
  primary: boolean;
  verified: boolean;
}
/** Seconds since 1970. */
export interface Authenticator {
  type: 'totp' | 'webauthn' | 'recovery_codes';
  id?: number;
  name?: string;
  created_at: number;
  last_used_at: number | null;
  total_code_count?: number;
  unused_code_count?: number;
}
export interface BrowserSession {
  id: number;
  ip: string;
  user_agent: string;
  created_at: number;
  last_seen_at?: number;
  is_current: boolean;
}
