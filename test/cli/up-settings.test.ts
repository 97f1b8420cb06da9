import { describe, expect, it } from 'vitest';
import { type SettingSources, toUpSettings } from '../../src/cli/up-settings.ts';
import { isMcpvisorError, toLine } from '../../src/errors.ts';

const settingsOf = (given: Partial<SettingSources> = {}) => toUpSettings({ flags: {}, env: {}, isTerminal: false, ...given });

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
      store: 'memory:',
      isolation: 'in-process',
      logLevel: 'info',
      logFormat: 'json',
      serverLogs: 'on',
      detach: false,
      insecureBind: false,
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
    expect(settingsOf({ env })).toMatchObject({ port: 0, stateDir: '/state', logFormat: 'pretty', config: 'a.json', tokenFile: '/token', serverLogs: 'off' });
  });

  it('lets options win', () => {
    expect(settingsOf({ env, flags: { port: '5000', stateDir: '/other' } })).toMatchObject({ port: 5000, stateDir: '/other' });
  });

  it('takes an empty one as unset', () => {
    expect(settingsOf({ env: { MCPVISOR_PORT: '', MCPVISOR_HOST: '' } })).toMatchObject({ port: 4780, host: '127.0.0.1' });
  });
});

describe('up on an address that other machines can reach', () => {
  it.each(['0.0.0.0', '::', '192.168.1.2', 'box.lan'])('refuses %s', (host) => {
    expect(problemsOf({ flags: { host } })).toEqual([expect.stringContaining('--insecure-bind')]);
  });

  it('takes it when that is meant', () => {
    expect(settingsOf({ flags: { host: '0.0.0.0', insecureBind: true } }).host).toBe('0.0.0.0');
    expect(settingsOf({ flags: { host: '0.0.0.0' }, env: { MCPVISOR_INSECURE_BIND: '1' } }).host).toBe('0.0.0.0');
  });

  it('does not take a variable that says no for a yes', () => {
    expect(problemsOf({ flags: { host: '0.0.0.0' }, env: { MCPVISOR_INSECURE_BIND: 'false' } })).toHaveLength(1);
  });

  it.each(['127.0.0.1', '127.0.0.2', '::1', 'localhost'])('needs no word for %s', (host) => {
    expect(problemsOf({ flags: { host } })).toEqual([]);
  });
});

describe('up with what this version does not have', () => {
  it('names every problem at once, with what there is', () => {
    const flags = { port: '70000', store: 'mongodb://secret@db', logLevel: 'loud' };
    expect(problemsOf({ flags, env: { MCPVISOR_ISOLATION: 'process' } })).toEqual([
      '--port: "70000" is not a port (0 to 65535; 0 takes any free one)',
      '--store: not available in this version (there is: memory:)',
      'MCPVISOR_ISOLATION: not available in this version (there is: in-process)',
      '--log-level: not available in this version (there is: trace, debug, info, warn, error, silent)',
    ]);
  });
});
