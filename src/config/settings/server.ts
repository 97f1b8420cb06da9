/**
 * Fills in a server's settings from its entry and the defaults under `mcpvisor`, and checks numbers that depend on each
 * other.
 */

import type { HeartbeatPolicy, RestartPolicy } from '../../../machines/policy/policy.ts';
import type { Problem } from '../../errors.ts';
import type { ServerSettings, StopSettings } from '../../specification.ts';
import { errorAt, type Path } from '../problems.ts';
import type { Entry, Globals } from './schema.ts';
import { remoteHeartbeatIntervalMs, type SettingPath, settings } from './settings.ts';

/** The settings that may be in an entry and, as a default for all, under `mcpvisor`. */
type Layer = Pick<Globals, Extract<keyof Globals, keyof Entry>>;

/** The same with every default filled in. */
export type SharedSettings = Pick<ServerSettings, Extract<keyof Layer, keyof ServerSettings>>;

/** The entry wins over `mcpvisor`, which wins over the table. */
export function sharedSettingsOf(entry: Layer, globals: Layer, remote: boolean): SharedSettings {
  const of = <Key extends NumberKey>(key: Key): number => entry[key] ?? globals[key] ?? settings[key].default;
  return {
    installTimeoutMs: of('installTimeoutMs'),
    startTimeoutMs: of('startTimeoutMs'),
    idleStopMs: of('idleStopMs'),
    callTimeoutMs: of('callTimeoutMs'),
    callMaxMs: of('callMaxMs'),
    maxConcurrentCalls: of('maxConcurrentCalls'),
    maxQueuedCalls: of('maxQueuedCalls'),
    maxMessageBytes: of('maxMessageBytes'),
    stderrTailBytes: of('stderrTailBytes'),
    heartbeat: heartbeatOf(entry, globals, remote),
    restart: restartOf({ ...given(globals.restart), ...given(entry.restart) }),
    stop: stopOf({ ...given(globals.stop), ...given(entry.stop) }),
  };
}

type NumberKey = {
  [Key in keyof Layer & SettingPath]: NonNullable<Layer[Key]> extends number ? Key : never;
}[keyof Layer & SettingPath];

/** Removes keys without a value, which must not hide the layer below. */
function given<Fields extends object>(fields: Fields | undefined): Partial<Fields> {
  // Removing entries does not change the type of the others.
  return Object.fromEntries(Object.entries(fields ?? {}).filter(([, value]) => value !== undefined)) as Partial<Fields>;
}

function heartbeatOf(entry: Layer, globals: Layer, remote: boolean): HeartbeatPolicy {
  const layer = { ...heartbeatLayer(globals), ...heartbeatLayer(entry) };
  const misses = layer.misses ?? settings['heartbeat.misses'].default;
  return {
    intervalMs: layer.intervalMs ?? (remote ? remoteHeartbeatIntervalMs : settings['heartbeat.intervalMs'].default),
    timeoutMs: layer.timeoutMs ?? settings['heartbeat.timeoutMs'].default,
    misses,
    busyMisses: layer.busyMisses ?? 2 * misses,
  };
}

function heartbeatLayer({ heartbeat }: Layer): Partial<Exclude<Layer['heartbeat'], false | undefined>> {
  return heartbeat === false ? { intervalMs: 0 } : given(heartbeat);
}

function restartOf(layer: NonNullable<Layer['restart']>): RestartPolicy {
  return {
    kind: layer.kind ?? settings['restart.kind'].default,
    firstDelayMs: layer.firstDelayMs ?? settings['restart.firstDelayMs'].default,
    baseMs: layer.baseMs ?? settings['restart.baseMs'].default,
    factor: layer.factor ?? settings['restart.factor'].default,
    capMs: layer.capMs ?? settings['restart.capMs'].default,
    maxConsecutive: layer.maxConsecutive ?? settings['restart.maxConsecutive'].default,
    intensity: layer.intensity ?? settings['restart.intensity'].default,
    periodMs: layer.periodMs ?? settings['restart.periodMs'].default,
    stableAfterMs: layer.stableAfterMs ?? settings['restart.stableAfterMs'].default,
    flappingPerHour: layer.flappingPerHour ?? settings['restart.flappingPerHour'].default,
    permanentExitCodes: layer.permanentExitCodes ?? settings['restart.permanentExitCodes'].default,
  };
}

function stopOf(layer: NonNullable<Layer['stop']>): StopSettings {
  return {
    closeMs: layer.closeMs ?? settings['stop.closeMs'].default,
    terminateMs: layer.terminateMs ?? settings['stop.terminateMs'].default,
    killMs: layer.killMs ?? settings['stop.killMs'].default,
    strays: layer.strays ?? settings['stop.strays'].default,
  };
}

/**
 * Contradictions between numbers. Reported where one of the two is written: those of `globals` alone once, not per
 * server.
 */
export function contradictionsOf(written: Layer, resolved: SharedSettings, path: Path): readonly Problem[] {
  const { heartbeat, restart } = resolved;
  const beats = written.heartbeat === false ? undefined : written.heartbeat;
  const wrong: readonly (Problem | false)[] = [
    (written.restart?.capMs ?? written.restart?.baseMs) !== undefined &&
      restart.capMs < restart.baseMs &&
      errorAt(
        [...path, 'restart', 'capMs'],
        `is less than baseMs: ${restart.capMs} < ${restart.baseMs}`,
        'raise capMs or lower baseMs',
      ),
    (beats?.busyMisses ?? beats?.misses) !== undefined &&
      heartbeat.busyMisses < heartbeat.misses &&
      errorAt(
        [...path, 'heartbeat', 'busyMisses'],
        `is less than misses: ${heartbeat.busyMisses} < ${heartbeat.misses}`,
        'a busy server needs more patience, not less',
      ),
    (beats?.timeoutMs ?? beats?.intervalMs) !== undefined &&
      heartbeat.intervalMs > 0 &&
      heartbeat.timeoutMs === 0 &&
      errorAt(
        [...path, 'heartbeat', 'timeoutMs'],
        'must be at least 1: no probe could be answered in time',
        '"heartbeat": false turns probes off',
      ),
    (written.callMaxMs ?? written.callTimeoutMs) !== undefined &&
      resolved.callMaxMs < resolved.callTimeoutMs &&
      errorAt(
        [...path, 'callMaxMs'],
        `is less than callTimeoutMs: ${resolved.callMaxMs} < ${resolved.callTimeoutMs}`,
        'raise callMaxMs as well',
      ),
  ];
  return wrong.filter((problem) => problem !== false);
}
