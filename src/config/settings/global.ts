/** The part of the file under `mcpvisor`. */

import { entryOf } from '../../../machines/table.ts';
import type { Problem } from '../../errors.ts';
import type { ServerSpecification } from '../../specification.ts';
import { isRecord } from '../../text/json.ts';
import { check, problemsElsewhere } from '../check.ts';
import type { GlobalSettings, GroupSettings } from '../configuration.ts';
import { mistakesIn, secretsIn } from '../expand/expression.ts';
import { errorAt, warningAt } from '../problems.ts';
import { type Globals, globalsSchema } from './schema.ts';
import { contradictionsOf, sharedSettingsOf } from './server.ts';
import { notActedOn, settings } from './settings.ts';

const base = ['mcpvisor'];

export interface ParsedGlobals {
  /** Null if and only if a problem is an error. */
  readonly globals: Globals | null;
  /** The settings without the mistakes: used as defaults while the entries are checked. */
  readonly sound: Globals;
  readonly problems: readonly Problem[];
}

export function parseGlobals(value: unknown): ParsedGlobals {
  if (value === undefined) return { globals: {}, sound: {}, problems: [] };
  if (!isRecord(value)) return { globals: null, sound: {}, problems: [errorAt(base, 'must be an object: {…}', null)] };
  const { data, sound, problems: found } = check(globalsSchema, value, base);
  if (sound === null) return { globals: null, sound: {}, problems: found };
  const errors = problemsElsewhere(found, [
    ...contradictionsOf(sound, sharedSettingsOf(sound, {}, false), base),
    ...clientProcessProblems(sound),
    ...secretProblems(sound),
    ...httpProblems(sound),
  ]);
  return {
    globals: errors.length > 0 ? null : data,
    sound,
    problems: [...found, ...errors, ...notActedOnProblems(sound)],
  };
}

function clientProcessProblems({ clientProcess }: Globals): readonly Problem[] {
  const baseMs = clientProcess?.baseMs ?? settings['clientProcess.baseMs'].default;
  const capMs = clientProcess?.capMs ?? settings['clientProcess.capMs'].default;
  return capMs < baseMs
    ? [
        errorAt(
          [...base, 'clientProcess', 'capMs'],
          `is less than baseMs: ${capMs} < ${baseMs}`,
          'raise capMs or lower baseMs',
        ),
      ]
    : [];
}

function secretProblems({ secrets = {} }: Globals): readonly Problem[] {
  return Object.entries(secrets).flatMap(([name, text]) => {
    const path = [...base, 'secrets', name];
    const nested = secretsIn(text).map(() =>
      errorAt(path, 'refers to another secret', 'a secret stands for ${file:…}, ${env:…} or text'),
    );
    return [...mistakesIn(text).map(({ message, hint }) => errorAt(path, message, hint)), ...nested];
  });
}

function httpProblems({ http }: Globals): readonly Problem[] {
  const path = [...base, 'http'];
  const { certFile, keyFile } = http?.tls ?? {};
  const half =
    (certFile === undefined) !== (keyFile === undefined)
      ? [errorAt([...path, 'tls'], 'has one file of two', 'give certFile and keyFile')]
      : [];
  const names = (http?.tokens ?? []).map(({ name }) => name);
  const taken = names.flatMap((name, index) =>
    ['token', 'mcp-token'].includes(name) || names.indexOf(name) !== index
      ? [
          errorAt(
            [...path, 'tokens', index, 'name'],
            `"${name}" is taken already`,
            'each token has a name of its own; "token" and "mcp-token" are ours',
          ),
        ]
      : [],
  );
  return [...half, ...taken];
}

function notActedOnProblems(globals: Globals): readonly Problem[] {
  const given = notActedOn.filter(
    (path) =>
      path.split('.').reduce<unknown>((inner, key) => (isRecord(inner) ? entryOf(inner, key) : undefined), globals) !==
      undefined,
  );
  return given.map((path) => warningAt([...base, ...path.split('.')], 'is not acted on by this version', null));
}

/** Every default filled in. */
export function globalSettingsOf(globals: Globals, servers: ReadonlyMap<string, ServerSpecification>): GlobalSettings {
  const { clientProcess = {}, http = {}, journal = {} } = globals;
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
      basePath: http.basePath ?? settings['http.basePath'].default,
      tls: tlsOf(http.tls),
      tokens: http.tokens ?? [],
      requestsPerSecond: http.requestsPerSecond ?? settings['http.requestsPerSecond'].default,
      allowedHosts: http.allowedHosts ?? settings['http.allowedHosts'].default,
      allowedOrigins: http.allowedOrigins ?? settings['http.allowedOrigins'].default,
      maxBodyBytes: http.maxBodyBytes ?? settings['http.maxBodyBytes'].default,
      maxConnections: http.maxConnections ?? settings['http.maxConnections'].default,
      headersTimeoutMs: http.headersTimeoutMs ?? settings['http.headersTimeoutMs'].default,
    },
    journal: {
      calls: journal.calls ?? settings['journal.calls'].default,
      maxAgeMs: journal.maxAgeMs ?? settings['journal.maxAgeMs'].default,
      maxBytes: journal.maxBytes ?? settings['journal.maxBytes'].default,
    },
    secrets: new Map(Object.entries(globals.secrets ?? {})),
    approved: globals.approved ?? settings.approved.default,
  };
}

function tlsOf(tls: NonNullable<Globals['http']>['tls']): GlobalSettings['http']['tls'] {
  // Half of a pair has been reported as a problem.
  return tls?.certFile === undefined || tls.keyFile === undefined
    ? null
    : { certFile: tls.certFile, keyFile: tls.keyFile };
}

function groupsOf(
  { groups = {} }: Globals,
  servers: ReadonlyMap<string, ServerSpecification>,
): ReadonlyMap<string, GroupSettings> {
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
