/**
 * The actors, put together with the effects that they declare: sessions and the process that holds them, what the host
 * answers, the lines that servers write, and the end of what an earlier run left behind.
 */

import { availableParallelism } from 'node:os';
import type { Configuration } from '../../config/configuration.ts';
import { stopSettingsOf } from '../../config/entries/stop.ts';
import { createInspector } from '../../observe/facts/inspected.ts';
import { chartSettingsOf } from '../actors/client-process/settings.ts';
import { createReaping, type Reaping } from '../actors/reaping.ts';
import { createExpansions } from '../actors/session/expansions.ts';
import type { LaunchSpecification } from '../actors/session/launch.ts';
import { type Actors, createActors } from '../actors/system.ts';
import { capabilitiesOf, createHost } from '../host.ts';
import type { AssemblyOptions } from '../options.ts';
import type { Foundation } from './foundation.ts';

export interface ActorParts {
  readonly foundation: Foundation;
  readonly launch: LaunchSpecification;
  /** The one that the supervisor begins with. */
  readonly configuration: Configuration;
  /** Resolves when servers may be started. Does not reject. */
  readonly claim: () => Promise<void>;
}

export function assembleActors(
  options: AssemblyOptions,
  { foundation, launch, configuration, claim }: ActorParts,
): { readonly actors: Actors; readonly reaping: Reaping } {
  const { answers = {}, clock, inspect, onError = () => {}, onStderr = () => {} } = options;
  const { facts, redactor, turns, sessions, holder, ledger, inspection, logs, moments, worked } = foundation;
  const { wallNow } = foundation.time;
  const { publish } = facts;
  const reaping = createReaping({ sessions, publish, stopOf: (server) => stopSettingsOf(configuration, server) });
  const actors = createActors({
    ledger,
    publish,
    redactor,
    moments,
    onError,
    inspection,
    inspector: inspect === undefined ? null : createInspector({ redactor, inspect, nowMs: wallNow, onError }),
    clock,
    nowMs: wallNow,
    launch,
    expansions: createExpansions(launch),
    openSession: sessions.open,
    worked,
    turns,
    onLine(server, stream, text) {
      logs.write(server, stream, text);
      if (stream === 'stderr') onStderr(server, text);
    },
    host: createHost(answers, options.onNotification, onError),
    capabilities: capabilitiesOf(answers),
    slots: options.startConcurrency ?? Math.max(2, availableParallelism()),
    shutdownMs: configuration.settings.shutdownMs,
    killAll: sessions.killAllNow,
    claim,
    reap: reaping.reap,
    clientProcess: holder === null ? null : { holder, settings: chartSettingsOf(configuration) },
  });
  return { actors, reaping };
}
