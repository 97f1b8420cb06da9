/** The settings of `up`, from flags and `MCPVISOR_*`: all problems are reported at once. */

import { entryOf } from '../../../../machines/table.ts';
import { McpvisorError, type Problem } from '../../../errors.ts';
import { parseStoreAddress, storeForms } from '../../../store/address.ts';

/** As the command line has it: flags win over the environment. */
export interface UpFlags {
  readonly config?: string;
  readonly stateDir?: string;
  readonly host?: string;
  readonly port?: string;
  readonly store?: string;
  readonly isolation?: string;
  readonly logLevel?: string;
  readonly logFormat?: string;
  readonly serverLogs?: string;
  readonly tokenFile?: string;
  readonly detach?: boolean;
  readonly replace?: boolean;
  readonly insecureBind?: boolean;
  readonly trustApi?: boolean;
  readonly json?: boolean;
}

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export const logFormats = ['pretty', 'json'] as const;
export const serverLogs = ['on', 'off'] as const;

export interface UpSettings {
  readonly config: string | null;
  readonly stateDir: string | null;
  readonly host: string;
  readonly port: number;
  /** Address of the store; null: the default. */
  readonly store: string | null;
  readonly isolation: 'in-process' | 'process';
  readonly logLevel: (typeof logLevels)[number];
  readonly logFormat: (typeof logFormats)[number];
  readonly serverLogs: (typeof serverLogs)[number];
  /** Whether it runs in the background. */
  readonly detach: boolean;
  /** Whether it takes the place of a control plane that runs. */
  readonly replace: boolean;
  /** Whether an address that other machines can reach may be listened on without encryption. */
  readonly insecureBind: boolean;
  /** Whether servers that come through the API run without being approved. */
  readonly trustApi: boolean;
  readonly tokenFile: string | null;
}

export interface SettingSources {
  readonly flags: UpFlags;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether stdout is a terminal: the default format is pretty then. */
  readonly isTerminal: boolean;
}

/** Throws `INVALID_REQUEST` with every problem. */
export function toUpSettings({ flags, env, isTerminal }: SettingSources): UpSettings {
  const problems: Problem[] = [];
  const refuse = (path: string, message: string, hint: string | null = null) =>
    problems.push({ path, message, hint, severity: 'error' });
  const given = (flag: keyof UpFlags): Given | null => givenBy(flag, flags, env);

  const port = given('port');
  const portNumber = port === null ? 4780 : Number(port.value);
  if (port !== null && !(/^\d{1,5}$/.test(port.value) && portNumber <= 65_535)) {
    refuse(port.by, `"${port.value}" is not a port`, '0 to 65535; 0 takes any free one');
  }
  const host = given('host');
  const store = given('store');
  // The value is not repeated: the address of a store may hold a password.
  if (store !== null && parseStoreAddress(store.value) === null)
    refuse(store.by, 'is not the address of a store', `there is: ${storeForms}`);
  const choose = <Choice extends string>(flag: keyof UpFlags, choices: readonly Choice[], fallback: Choice): Choice => {
    const setting = given(flag);
    const chosen = choices.find((choice) => choice === (setting?.value ?? fallback));
    if (chosen === undefined && setting !== null) {
      refuse(setting.by, 'not available in this version', `there is: ${choices.join(', ')}`);
    }
    return chosen ?? fallback;
  };
  const settings: UpSettings = {
    config: given('config')?.value ?? null,
    stateDir: given('stateDir')?.value ?? null,
    host: host?.value ?? '127.0.0.1',
    port: portNumber,
    store: store?.value ?? null,
    isolation: choose('isolation', ['process', 'in-process'] as const, 'process'),
    logLevel: choose('logLevel', logLevels, 'info'),
    logFormat: choose('logFormat', logFormats, isTerminal ? 'pretty' : 'json'),
    serverLogs: choose('serverLogs', serverLogs, 'on'),
    detach: isOn(given('detach')),
    replace: isOn(given('replace')),
    insecureBind: isOn(given('insecureBind')),
    trustApi: isOn(given('trustApi')),
    tokenFile: given('tokenFile')?.value ?? null,
  };
  if (problems.length > 0) {
    throw new McpvisorError('INVALID_REQUEST', { problems });
  }
  return settings;
}

interface Given {
  readonly value: string;
  /** The flag or the variable the value came from. */
  readonly by: string;
}

function givenBy(flag: keyof UpFlags, flags: UpFlags, env: SettingSources['env']): Given | null {
  const words = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const value = flags[flag];
  if (value !== undefined) {
    return { value: String(value), by: `--${words}` };
  }
  const variable = `MCPVISOR_${words.toUpperCase().replaceAll('-', '_')}`;
  const fromEnv = entryOf(env, variable);
  // An empty variable is how shells and compose files say "unset".
  return fromEnv === undefined || fromEnv === '' ? null : { value: fromEnv, by: variable };
}

function isOn(given: Given | null): boolean {
  return given !== null && !['false', '0', 'no', 'off'].includes(given.value.toLowerCase());
}
