import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig } from '../../src/config/parse.ts';
import { defaultsTable, notActedOn, settings } from '../../src/config/settings/settings.ts';
import type { StdioSpecification } from '../../src/specification.ts';

const file = resolve(dirname(fileURLToPath(import.meta.url)), '../../mcp.json.example');
const text = readFileSync(file, 'utf8');

describe('mcp.json.example', () => {
  it('has no problems, not even warnings', async () => {
    expect((await loadConfig(file)).problems).toEqual([]);
  });

  it('runs four real servers at once', async () => {
    const { config } = await loadConfig(file);
    const servers = [...(config?.servers.values() ?? [])] as StdioSpecification[];
    expect(
      servers.map(({ name, command, args, lazy, enabled }) => ({
        name,
        line: [command, ...args].join(' '),
        lazy,
        enabled,
      })),
    ).toEqual([
      { name: 'everything', line: 'npx -y @modelcontextprotocol/server-everything', lazy: false, enabled: true },
      { name: 'files', line: 'npx -y @modelcontextprotocol/server-filesystem .', lazy: false, enabled: true },
      { name: 'memory', line: 'npx -y @modelcontextprotocol/server-memory', lazy: false, enabled: true },
      { name: 'thinking', line: 'npx -y @modelcontextprotocol/server-sequential-thinking', lazy: false, enabled: true },
    ]);
  });

  it('shows every setting that is acted on', () => {
    const shown = defaultsTable.filter(
      ({ path }) =>
        !notActedOn.some((unused) => path === unused || path.startsWith(`${unused}.`) || path.startsWith(`${unused}[`)),
    );
    const missing = shown.filter(
      ({ path }) =>
        !text.includes(
          `"${path
            .replace(/\.NAME$/, '')
            .split('.')
            .at(-1)}"`,
        ),
    );
    expect(missing.map(({ path }) => path)).toEqual([]);
  });

  it('stays valid when the settings in comments are made live, and then still says the defaults', () => {
    const live = text.replaceAll(/^(\s*)\/\/ (?="\w+":)(.*)$/gm, '$1$2').replaceAll(/("env": \{[^\n]*\})\n/g, '$1,\n');
    const separated = live
      .replaceAll(/\}\n(\s*)\n(\s*\/\/ …[^\n]*\n)(\s*"remote")/g, '},\n$2$3')
      .replace(/("inheritEnv": )/, '$1');
    const { config, problems } = parseConfig(separated, { folder: dirname(file) });
    expect(problems).toEqual([]);
    const { heartbeat, restart, stop, callTimeoutMs, maxMessageBytes } = config?.servers.get('everything') ?? {};
    expect({ heartbeat, restart, stop, callTimeoutMs, maxMessageBytes }).toMatchObject({
      heartbeat: { intervalMs: settings['heartbeat.intervalMs'].default, busyMisses: 6 },
      restart: { kind: 'permanent', maxConsecutive: settings['restart.maxConsecutive'].default },
      stop: { closeMs: settings['stop.closeMs'].default },
      callTimeoutMs: settings.callTimeoutMs.default,
      maxMessageBytes: settings.maxMessageBytes.default,
    });
  });
});
