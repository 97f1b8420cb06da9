/**
 * Every setting of `mcp.json`: where it may be written, its default, its unit, and its meaning. Documentation, schema
 * and defaults are generated from this table.
 */

import { settingsOfMcpvisor } from './table/global.ts';
import { settingsOfServers } from './table/server.ts';
import type { Setting } from './table/setting.ts';

/** In a good order to read them. */
export const settings = { ...settingsOfServers, ...settingsOfMcpvisor } as const;

export type SettingPath = keyof typeof settings;

/** The default heartbeat interval of remote servers, which may be asleep, in milliseconds. */
export const remoteHeartbeatIntervalMs = 60_000;

/** All settings, in a good order to read them. */
export const defaultsTable: readonly Setting[] = Object.entries(settings).map(([path, setting]) => ({
  path,
  ...setting,
}));

/** Settings that are checked and kept, but that nothing acts on yet; a path covers everything below it. */
export const notActedOn: readonly string[] = ['compat', 'gateway', 'profiles', 'http.trustedProxies'];
