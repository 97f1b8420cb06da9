/** Every route of the control API, including the documents that describe it. */

import type { Context } from 'hono';
import type { Route } from '../endpoint.ts';
import { actorRoutes } from './actors.ts';
import { callRoutes } from './calls.ts';
import { catalogRoutes } from './catalog.ts';
import { configurationRoutes } from './configuration.ts';
import { controlPlaneRoutes } from './control-plane.ts';
import { documentRoutes } from './documents.ts';
import { editRoutes } from './edits.ts';
import { ensureRoutes } from './ensure.ts';
import { factRoutes } from './facts.ts';
import { healthRoutes } from './health.ts';
import { logRoutes } from './logs.ts';
import { manyRoutes } from './many.ts';
import type { RouteParts } from './parts.ts';
import { serverRoutes } from './servers.ts';

/** `mayRead`: whether the caller of an open route has a token that may read. */
export function allRoutes(
  parts: RouteParts,
  { mayRead }: { readonly mayRead: (c: Context) => boolean },
): readonly Route[] {
  const routes = [
    ...healthRoutes(parts, mayRead),
    ...controlPlaneRoutes(parts),
    ...configurationRoutes(parts),
    ...serverRoutes(parts),
    ...editRoutes(parts),
    ...manyRoutes(parts),
    ...ensureRoutes(parts),
    ...logRoutes(parts),
    ...catalogRoutes(parts),
    ...callRoutes(parts),
    ...actorRoutes(parts),
    ...factRoutes(parts),
  ];
  const endpoints = routes.map(({ endpoint }) => endpoint);
  return [...routes, ...documentRoutes(endpoints, { version: parts.supervisor.status().version, ...parts.security })];
}
