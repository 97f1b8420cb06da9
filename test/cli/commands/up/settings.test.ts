import { describe, expect, it } from 'vitest';
import { type SettingSources, toUpSettings } from '../../../../src/cli/commands/up/settings.ts';
import { isMcpvisorError, toLine } from '../../../../src/errors.ts';

const settingsOf = (given: Partial<SettingSources> = {}) =>
  toUpSettings({ flags: {}, env: {}, isTerminal: false, ...given });

function problemsOf(given: Partial<SettingSources>): readonly string[] {
  try {
    settingsOf(given);
  } catch (error) {
    if (isMcpvisorError(error, 'INVALID_REQUEST')) return error.details.problems.map(toLine);
    throw error;
  }
  return [];
}

describe('up without a word', () => {
  it('has its defaults', () => {
    expect(settingsOf()).toEqual({
      config: null,
      stateDir: null,
      host: '127.0.0.1',
      port: 4780,
      replace: false,
      store: null,
      isolation: 'process',
      logLevel: 'info',
      logFormat: 'json',
      serverLogs: 'on',
      detach: false,
      insecureBind: false,
      trustApi: false,
      tokenFile: null,
    });
  });

  it('writes for people on a terminal', () => {
    expect(settingsOf({ isTerminal: true }).logFormat).toBe('pretty');
  });
});

describe('up with variables', () => {
  const env = {
    MCPVISOR_PORT: '0',
    MCPVISOR_STATE_DIR: '/state',
    MCPVISOR_LOG_FORMAT: 'pretty',
    MCPVISOR_CONFIG: 'a.json',
    MCPVISOR_TOKEN_FILE: '/token',
    MCPVISOR_SERVER_LOGS: 'off',
  };

  it('goes by them', () => {
    expect(settingsOf({ env })).toMatchObject({
      port: 0,
      stateDir: '/state',
      logFormat: 'pretty',
      config: 'a.json',
      tokenFile: '/token',
      serverLogs: 'off',
    });
  });

  it('lets options win', () => {
    expect(settingsOf({ env, flags: { port: '5000', stateDir: '/other' } })).toMatchObject({
      port: 5000,
      stateDir: '/other',
    });
  });

  it('takes an empty one as unset', () => {
    expect(settingsOf({ env: { MCPVISOR_PORT: '', MCPVISOR_HOST: '' } })).toMatchObject({
      port: 4780,
      replace: false,
      host: '127.0.0.1',
    });
  });
});

describe('up on an address that other machines can reach', () => {
  const isInsecure = (given: Partial<SettingSources>) => settingsOf(given).insecureBind;

  it('knows when that is meant', () => {
    expect(isInsecure({ flags: { insecureBind: true } })).toBe(true);
    expect(isInsecure({ env: { MCPVISOR_INSECURE_BIND: '1' } })).toBe(true);
  });

  it('does not take a variable that says no for a yes', () => {
    expect(isInsecure({ env: { MCPVISOR_INSECURE_BIND: 'false' } })).toBe(false);
  });
});

describe('up in the background', () => {
  it('is asked for by flag or variable', () => {
    expect(settingsOf({ flags: { detach: true } }).detach).toBe(true);
    expect(settingsOf({ env: { MCPVISOR_DETACH: '1' } }).detach).toBe(true);
    expect(settingsOf({ env: { MCPVISOR_DETACH: '' } }).detach).toBe(false);
  });
});

describe('up with what this version does not have', () => {
  it('names every problem at once, with what there is', () => {
    const flags = { port: '70000', store: 'mysql://secret@db', logLevel: 'loud' };
    expect(problemsOf({ flags, env: { MCPVISOR_ISOLATION: 'thread' } })).toEqual([
      '--port: "70000" is not a port (0 to 65535; 0 takes any free one)',
      '--store: is not the address of a store (there is: memory:, level:DIR, lmdb:DIR, mongodb://HOST/DATABASE, or mongodb: for the one in MONGODB_URL)',
      'MCPVISOR_ISOLATION: not available in this version (there is: process, in-process)',
      '--log-level: not available in this version (there is: trace, debug, info, warn, error, silent)',
    ]);
  });
});
