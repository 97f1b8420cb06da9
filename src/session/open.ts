/** Sessions in this process. */

import type { OpenSession } from './contract.ts';
import { createOpenLink, type LinkParts } from './links.ts';
import { LiveSession, type LiveSessionParts } from './live/live-session.ts';

export interface OpenSessionParts extends LinkParts, Omit<LiveSessionParts, 'openLink'> {}

export function createOpenSession(parts: OpenSessionParts): OpenSession {
  const liveParts: LiveSessionParts = { ...parts, openLink: createOpenLink(parts) };
  return (request, tell) => new LiveSession(liveParts, request, tell);
}
