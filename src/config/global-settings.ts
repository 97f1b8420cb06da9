/** The part of the file under `mcpvisor`. */

import type { Problem } from '../errors.ts';
import type { ServerSpecification } from '../specification.ts';
import { check } from './check.ts';
import type { GlobalSettings, GroupSettings } from './configuration.ts';
import { mistakesIn, secretsIn } from './expression.ts';
import { errorAt, isRecord, warningAt } from './problems.ts';
import { type Globals, globalsSchema } from './schema.ts';
import { contradictionsOf, sharedSettingsOf } from './server-settings.ts';
import { notActedOn, settings } from './settings.ts';

const base = ['mcpvisor'];

/** `globals` is null if and only if a problem is an error. */
export function parseGlobals(value: unknown): { readonly globals: Globals | null; readonly problems: readonly Problem[] } {
  if (value === undefined) return { globals: {}, problems: [] };
  if (!isRecord(value)) return { globals: null, problems: [errorAt(base, 'must be an object: {…}', null)] };
  const { data, problems: found } = check(globalsSchema, value, base);
  if (data === null) return { globals: null, problems: found };
  const errors = [...contradictionsOf(data, sharedSettingsOf(data, {}, false), base), ...clientProcessProblems(data), ...secretProblems(data)];
  return { globals: errors.length > 0 ? null : data, problems: [...found, ...errors, ...notActedOnProblems(data)] };
}

function clientProcessProblems({ clientProcess }: Globals): readonly Problem[] {
  const baseMs = clientProcess?.baseMs ?? settings['clientProcess.baseMs'].default;
  const capMs = clientProcess?.capMs ?? settings['clientProcess.capMs'].default;
  return capMs < baseMs ? [errorAt([...base, 'clientProcess', 'capMs'], `is less than baseMs: ${capMs} < ${baseMs}`, 'raise capMs or lower baseMs')] : [];
}

function secretProblems({ secrets = {} }: Globals): readonly Problem[] {
  return Object.entries(secrets).flatMap(([name, text]) => {
    const path = [...base, 'secrets', name];
    const nested = secretsIn(text).map(() => errorAt(path, 'refers to another secret', 'a secret stands for ${file:…}, ${env:…} or text'));
    return [...mistakesIn(text).map(({ message, hint }) => errorAt(path, message, hint)), ...nested];
  });
}

function notActedOnProblems(globals: Globals): readonly Problem[] {
  const given = notActedOn.filter((path) => path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), globals) !== undefined);
  return given.map((path) => warningAt([...base, ...path.split('.')], 'is not acted on by this version', null));
}

/** Every default filled in. */
export function globalSettingsOf(globals: Globals, servers: ReadonlyMap<string, ServerSpecification>): GlobalSettings {
  const { clientProcess = {}, http = {} } = globals;
  return {
    shutdownMs: globals.shutdownMs ?? settings.shutdownMs.default,
    groups: groupsOf(globals, servers),
    clientProcess: {
      watchdogMs: clientProcess.watchdogMs ?? settings['clientProcess.watchdogMs'].default,
      orphanGraceMs: clientProcess.orphanGraceMs ?? settings['clientProcess.orphanGraceMs'].default,
      baseMs: clientProcess.baseMs ?? settings['clientProcess.baseMs'].default,
      factor: clientProcess.factor ?? settings['clientProcess.factor'].default,
      capMs: clientProcess.capMs ?? settings['clientProcess.capMs'].default,
      maxConsecutive: clientProcess.maxConsecutive ?? settings['clientProcess.maxConsecutive'].default,
      stableAfterMs: clientProcess.stableAfterMs ?? settings['clientProcess.stableAfterMs'].default,
    },
    http: {
      allowedHosts: http.allowedHosts ?? settings['http.allowedHosts'].default,
      allowedOrigins: http.allowedOrigins ?? settings['http.allowedOrigins'].default,
      maxBodyBytes: http.maxBodyBytes ?? settings['http.maxBodyBytes'].default,
      maxConnections: http.maxConnections ?? settings['http.maxConnections'].default,
      headersTimeoutMs: http.headersTimeoutMs ?? settings['http.headersTimeoutMs'].default,
    },
    secrets: new Map(Object.entries(globals.secrets ?? {})),
  };
}

function groupsOf({ groups = {} }: Globals, servers: ReadonlyMap<string, ServerSpecification>): ReadonlyMap<string, GroupSettings> {
  const names = new Set([...Object.keys(groups), ...[...servers.values()].map(({ group }) => group)]);
  const declared = new Map(Object.entries(groups));
  return new Map([...names].map((name) => [name, groupSettingsOf(declared.get(name) ?? {})]));
}

function groupSettingsOf(group: NonNullable<Globals['groups']>[string]): GroupSettings {
  return {
    strategy: group.strategy ?? settings['groups.NAME.strategy'].default,
    intensity: group.intensity ?? settings['groups.NAME.intensity'].default,
    periodMs: group.periodMs ?? settings['groups.NAME.periodMs'].default,
  };
}
