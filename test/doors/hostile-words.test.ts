import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openScene, program, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../support/doors/pseudo-terminal.ts';
import { underAttack } from '../support/loop-delay.ts';
import { absence, findProgram } from '../support/requirements.ts';

const hostile = fileURLToPath(new URL('../servers/speaks-in-control-characters.mjs', import.meta.url));
const words = 'A\u001b[2J\u202eB';

/** Our own: colours, and the cursor up with the rest of the screen wiped. */
const escapeKey = '\u001b';
const ours = new RegExp(String.raw`${escapeKey}\[(?:[0-9;]*m|\d+A${escapeKey}\[0J)`, 'g');
const unwanted = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function expectNothingThatSteers(text: string): void {
  // The terminal itself makes `\r\n` of each line break.
  expect(text.replaceAll('\r\n', '\n').replaceAll(ours, '')).not.toMatch(unwanted);
}

interface Fleet {
  readonly scene: Scene;
  readonly daemon: RunningDaemon;
  onTerminal(...args: readonly string[]): PseudoTerminal;
}

async function openFleet(): Promise<Fleet> {
  const scene = openScene();
  scene.writeConfig({
    hostile: { command: process.execPath, args: [hostile, scene.mark], group: 'web' },
    mute: {
      command: process.execPath,
      args: ['-e', `console.error(${JSON.stringify(words)}); process.exit(1)`, scene.mark],
    },
  });
  const daemon = await scene.up();
  const has = async (type: string) => (await daemon.client.get(`/api/journal?type=${type}`)).text.includes('"seq"');
  await expect.poll(() => has('session.opened'), { timeout: 30_000 }).toBe(true);
  await expect.poll(() => has('server.failed'), { timeout: 30_000 }).toBe(true);
  const onTerminal = (...args: readonly string[]) =>
    openPseudoTerminal({
      command: [process.execPath, program, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' '),
      cwd: scene.folder,
      env: { HOME: scene.folder, MCPVISOR_STATE_DIR: scene.stateDir },
    });
  return { scene, daemon, onTerminal };
}

const missing = findProgram('shells', 'script') === null;

describe.skipIf(missing)(`a terminal${missing ? absence(null, 'script') : ''}`, () => {
  it('is never steered by what servers say, whatever command shows it', async () => {
    const { onTerminal, daemon } = await openFleet();
    const commands = [
      ['call', 'hostile', 'say'],
      ['call', 'hostile', 'refuse'],
      ['call', 'hostile', 'structure'],
      ['call', 'hostile', 'link'],
      ['call', 'hostile', 'throw'],
      ['call', 'hostile', 'no-such-tool'],
      ['call', 'hostile', 'die'],
      ['status'],
      ['status', '--tree'],
      ['tools'],
      ['tools', 'hostile'],
      ['logs', 'hostile'],
      ['logs', 'mute'],
      ['events'],
      ['events', '--type', words],
      ['doctor'],
      ['plan'],
      ['check'],
      ['check', words],
      ['retry', 'mute'],
      ['start', 'hostile'],
      ['start', words],
      ['start', `group:${words}`],
      ['call', words, words],
      ['call', 'hostile', 'say', words],
      [words],
      ['status', `--${words}`],
      ['status', '--url', `http://127.0.0.1:1/${words}`],
      ['open'],
      ['up'],
      ['up', '--store', words],
    ];
    const runAll = async () => {
      for (const args of commands) {
        for (const json of [[], ['--json']]) {
          const terminal = onTerminal(...args, ...json);
          await terminal.ended;
          expect(terminal.text(), args.join(' ')).not.toBe('');
          expectNothingThatSteers(terminal.text());
        }
      }
    };
    await underAttack('words that steer terminals', runAll, { client: daemon.client });
  }, 300_000);

  it('is never steered by what is followed', async () => {
    const { onTerminal, daemon } = await openFleet();
    const followers = [
      onTerminal('logs', 'hostile', '-f'),
      onTerminal('events', '-f'),
      onTerminal('events', '-f', '--json'),
      onTerminal('status', '--watch'),
    ];
    const follow = async () => {
      for (const terminal of followers) await terminal.shows(/hostile|title/);
      await daemon.client.post('/api/servers/hostile/tools/die/call', { arguments: {} });
      await followers[1]?.shows('server.failed');
    };
    await underAttack('words that steer terminals, followed', follow, { client: daemon.client });
    for (const terminal of followers) expectNothingThatSteers(terminal.text());
  });

  it('is never steered by the log of up and the table below it', async () => {
    const { onTerminal, daemon, scene } = await openFleet();
    daemon.kill('SIGTERM');
    await daemon.ended;
    const terminal = onTerminal(
      'up',
      '--port',
      '0',
      '--log-level',
      'trace',
      '--config',
      join(scene.folder, 'mcp.json'),
    );
    await terminal.shows(/mute.*exited/);
    await terminal.shows(/hostile .*connected/);
    expectNothingThatSteers(terminal.text());
    terminal.type('\u0003');
    await terminal.ended;
    expectNothingThatSteers(terminal.text().replaceAll('^C', ''));
  });

  it('shows a result byte for byte where that is asked for', async () => {
    const { scene } = await openFleet();
    const call = async (...more: readonly string[]) =>
      (await scene.run(['call', '--state-dir', scene.stateDir, 'hostile', 'say', ...more]).ended).stdout;
    expect(await call('--raw')).toContain('A\u001b[2J\u001b]0;title\u0007B\u009b1;1H\u0085C\u202eD');
    expect(await call()).toContain(String.raw`A\u001b[2J\u001b]0;title\u0007B\u009b1;1H\u0085C\u202eD`);
    expect(await call('--json')).toContain(String.raw`B\u009b1;1H\u0085C\u202eD\u2066E\u2069F\u2028G`);
  });
});
