/** The shape of `mcp.json`. Checks that need two fields at once are elsewhere. */

import * as z from 'zod';
import { longestDelayMs } from '../../../machines/delay.ts';
import { groupNamePattern, serverNamePattern } from '../entries/names.ts';
import { type SettingPath, settings } from './settings.ts';

/** Names of secrets, profiles and tokens, which expressions and addresses contain. */
const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);
const groupName = z.string().regex(groupNamePattern);
const texts = z.array(z.string());
const filledText = z.string().min(1);

/** A field with its meaning and default, which editors show. */
function field<Shape extends z.ZodType>(path: SettingPath, shape: Shape): z.ZodOptional<Shape> {
  const { default: value, meaning, unit }: { default: unknown; meaning: string; unit: string | null } = settings[path];
  const description = unit === null || unit === 'factor' ? meaning : `${meaning} (${unit})`;
  return shape.meta({ description, ...(value === null ? {} : { default: value }) }).optional();
}

/** A lazy server is checked for being unused no more often than this, in milliseconds (`armIdleStop` in its chart). */
const leastIdleStopMs = 1_000;

const delay = (path: SettingPath) => field(path, z.int().min(0).max(longestDelayMs));
const whole = (path: SettingPath, least: number) => field(path, z.int().min(least).max(Number.MAX_SAFE_INTEGER));
const factor = (path: SettingPath) => field(path, z.number().min(1).max(1_000));
const flag = (path: SettingPath) => field(path, z.boolean());
const text = (path: SettingPath) => field(path, z.string());
const words = (path: SettingPath) => field(path, texts);

const heartbeat = z.strictObject({
  intervalMs: delay('heartbeat.intervalMs'),
  timeoutMs: delay('heartbeat.timeoutMs'),
  misses: whole('heartbeat.misses', 1),
  busyMisses: whole('heartbeat.busyMisses', 1),
});

const restart = z.strictObject({
  kind: field('restart.kind', z.enum(['permanent', 'transient', 'temporary'])),
  firstDelayMs: delay('restart.firstDelayMs'),
  baseMs: delay('restart.baseMs'),
  factor: factor('restart.factor'),
  capMs: delay('restart.capMs'),
  maxConsecutive: whole('restart.maxConsecutive', 0),
  intensity: whole('restart.intensity', 0),
  periodMs: delay('restart.periodMs'),
  stableAfterMs: delay('restart.stableAfterMs'),
  flappingPerHour: whole('restart.flappingPerHour', 0),
  permanentExitCodes: field('restart.permanentExitCodes', z.array(z.int().min(0).max(255))),
});

const stop = z.strictObject({
  closeMs: delay('stop.closeMs'),
  terminateMs: delay('stop.terminateMs'),
  killMs: delay('stop.killMs'),
  strays: field('stop.strays', z.enum(['end', 'tell'])),
});

/** Settings that may be in an entry and, as a default for all, directly under `mcpvisor`. */
const shared = {
  inheritEnv: field('inheritEnv', z.union([z.enum(['none', 'default', 'all']), texts])),
  installTimeoutMs: delay('installTimeoutMs'),
  startTimeoutMs: delay('startTimeoutMs'),
  idleStopMs: field('idleStopMs', z.int().min(leastIdleStopMs).max(longestDelayMs)),
  callTimeoutMs: delay('callTimeoutMs'),
  callMaxMs: delay('callMaxMs'),
  maxConcurrentCalls: whole('maxConcurrentCalls', 1),
  maxQueuedCalls: whole('maxQueuedCalls', 0),
  maxMessageBytes: whole('maxMessageBytes', 1),
  stderrTailBytes: whole('stderrTailBytes', 0),
  heartbeat: z.union([z.literal(false), heartbeat]).optional(),
  restart: restart.optional(),
  stop: stop.optional(),
};

export const entrySchema = z.strictObject({
  command: field('command', filledText),
  args: words('args'),
  env: field('env', z.record(z.string().regex(/^[^=\0]+$/), z.string())),
  envFile: field('envFile', filledText),
  cwd: field('cwd', filledText),
  url: field('url', filledText),
  headers: field('headers', z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/), z.string())),
  tls: z.strictObject({ ca: field('tls.ca', filledText) }).optional(),
  proxy: field('proxy', filledText),
  authProvider: field('authProvider', filledText),
  transport: text('transport'),
  type: text('type'),
  transportType: text('transportType'),
  enabled: flag('enabled'),
  disabled: flag('disabled'),
  required: flag('required'),
  lazy: flag('lazy'),
  group: field('group', groupName),
  dependsOn: words('dependsOn'),
  tools: z.strictObject({ include: words('tools.include'), exclude: words('tools.exclude') }).optional(),
  autoApprove: words('autoApprove'),
  ...shared,
});

const group = z.strictObject({
  strategy: field('groups.NAME.strategy', z.enum(['one-for-one', 'rest-for-one', 'one-for-all'])),
  intensity: whole('groups.NAME.intensity', 0),
  periodMs: delay('groups.NAME.periodMs'),
});

const clientProcess = z.strictObject({
  watchdogMs: delay('clientProcess.watchdogMs'),
  orphanGraceMs: delay('clientProcess.orphanGraceMs'),
  baseMs: delay('clientProcess.baseMs'),
  factor: factor('clientProcess.factor'),
  capMs: delay('clientProcess.capMs'),
  maxConsecutive: whole('clientProcess.maxConsecutive', 0),
  stableAfterMs: delay('clientProcess.stableAfterMs'),
});

const http = z.strictObject({
  allowedHosts: words('http.allowedHosts'),
  allowedOrigins: words('http.allowedOrigins'),
  basePath: field('http.basePath', z.string().startsWith('/')),
  trustedProxies: words('http.trustedProxies'),
  tls: z
    .strictObject({ certFile: field('http.tls.certFile', filledText), keyFile: field('http.tls.keyFile', filledText) })
    .optional(),
  tokens: z
    .array(
      z.strictObject({
        name: field('http.tokens[].name', id).unwrap(),
        scope: field('http.tokens[].scope', z.enum(['mcp', 'read', 'operate', 'admin'])).unwrap(),
        file: field('http.tokens[].file', filledText).unwrap(),
      }),
    )
    .optional(),
  maxBodyBytes: whole('http.maxBodyBytes', 1),
  maxConnections: whole('http.maxConnections', 1),
  headersTimeoutMs: delay('http.headersTimeoutMs'),
  requestsPerSecond: whole('http.requestsPerSecond', 1),
});

const exposure = z.enum(['all', 'search']);

const profile = z.strictObject({
  servers: words('profiles.NAME.servers'),
  tools: z
    .strictObject({ include: words('profiles.NAME.tools.include'), exclude: words('profiles.NAME.tools.exclude') })
    .optional(),
  exposure: field('profiles.NAME.exposure', exposure),
});

export const globalsSchema = z.strictObject({
  ...shared,
  strict: flag('strict'),
  shutdownMs: delay('shutdownMs'),
  groups: z.record(groupName, group).optional(),
  secrets: z.record(id, field('secrets.NAME', z.string()).unwrap()).optional(),
  approved: field('approved', z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/))),
  clientProcess: clientProcess.optional(),
  http: http.optional(),
  compat: flag('compat'),
  profiles: z.record(id, profile).optional(),
  gateway: z
    .strictObject({ firstListMs: delay('gateway.firstListMs'), exposure: field('gateway.exposure', exposure) })
    .optional(),
  journal: z
    .strictObject({
      calls: flag('journal.calls'),
      maxAgeMs: whole('journal.maxAgeMs', 1),
      maxBytes: whole('journal.maxBytes', 0),
    })
    .optional(),
});

/** The whole file. Loading checks entry by entry instead, so that one bad entry does not hide another. */
export const documentSchema = z.strictObject({
  $schema: z.string().meta({ description: 'Where editors find the schema of this file.' }).optional(),
  mcpServers: z
    .record(z.string().regex(serverNamePattern), entrySchema)
    .meta({ description: 'The servers, by name.' })
    .optional(),
  mcpvisor: globalsSchema
    .meta({ description: 'Defaults for all servers, and the settings of mcpvisor itself.' })
    .optional(),
});

/** A checked entry of `mcpServers`. */
export type Entry = z.output<typeof entrySchema>;

/** The checked part of the file under `mcpvisor`. */
export type Globals = z.output<typeof globalsSchema>;
