import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { openScene, program, type RunningDaemon, type Scene } from '../support/doors/daemon.ts';
import { openPseudoTerminal, type PseudoTerminal } from '../support/doors/pseudo-terminal.ts';
import { underAttack } from '../support/loop-delay.ts';
import { absence, findProgram } from '../support/requirements.ts';

const hostile = fileURLToPath(new URL('../servers/speaks-in-control-characters.mjs', import.meta.url));
const words = 'A\u001b[2J\u001b[31m\u001b[8m\u202eB';

/**
 * What we draw ourselves: the colours of tables, findings and the log, each around a text without any other sequence,
 * and the cursor up with all below it wiped.
 */
const escapeKey = '\u001b';
const colours = { red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36, usual: 39, grey: 90 };
const coloured = String.raw`(?:${Object.values(colours).join('|')})m([^${escapeKey}]*)${escapeKey}\[39m`;
const dim = String.raw`2m([^${escapeKey}]*)${escapeKey}\[22m`;
const ours = new RegExp(String.raw`${escapeKey}\[(?:${coloured}|${dim}|\d+A${escapeKey}\[0J)`, 'g');
const unwanted = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

function expectNothingThatSteers(text: string): void {
  // The terminal itself makes `\r\n` of each line break.
  expect(text.replaceAll('\r\n', '\n').replaceAll(ours, '$1$2')).not.toMatch(unwanted);
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
      args: ['-e', `console.error(${JSON.stringify(words)}); process.exit(1)`, '--', scene.mark],
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

describe('what a terminal was sent', () => {
  it.each([
    ['the cursor moved', 'a\u001b[2Jb'],
    ['a colour that is none of ours', 'a\u001b[38;5;9mb'],
    ['words concealed', 'a\u001b[8mb'],
    ['two of our colours in one', 'a\u001b[2;31mb'],
    ['colours with colons', 'a\u001b[38:2::1:2:3mb'],
    ['all of our colours undone', 'a\u001b[0mb'],
    ['one of our colours that does not end', 'a\u001b[31mb\n\u001b[2mNAME\u001b[22m'],
    ['one of our colours within another', '\u001b[2ma\u001b[31mb\u001b[22m'],
    ['the end of one of our colours within another', '\u001b[31ma\u001b[39mb\u001b[39m'],
  ])('is found out: %s', (_, text) => {
    expect(() => expectNothingThatSteers(text)).toThrow();
  });

  it('may have our own colours and movements', () => {
    expectNothingThatSteers('\u001b[3A\u001b[0J\u001b[2mNAME\u001b[22m\r\n\u001b[31mfailed\u001b[39m\r\n');
  });
});

const missing = findProgram('shells', 'script') === null;

describe.skipIf(missing)(`a terminal${missing ? absence(null, 'script') : ''}`, () => {
  it('is never steered by what servers say, whatever command shows it', async () => {
    const { onTerminal, daemon } = await openFleet();
    const telling: readonly (readonly string[])[] = [
      ['call', 'hostile', 'say'],
      ['call', 'hostile', 'refuse'],
      ['call', 'hostile', 'structure'],
      ['call', 'hostile', 'link'],
      ['call', 'hostile', 'throw'],
      ['call', 'hostile', 'no-such-tool'],
      ['status'],
      ['tools'],
      ['tools', 'hostile'],
      ['logs', 'hostile'],
      ['logs', 'mute'],
      ['events'],
      ['retry', 'mute'],
      ['check', words],
      ['start', words],
      ['start', `group:${words}`],
      ['call', words, words],
      ['call', 'hostile', 'say', words],
      [words],
      ['status', `--${words}`],
      ['status', '--url', `http://127.0.0.1:1/${words}`],
    ];
    const others: readonly (readonly string[])[] = [
      ['call', 'hostile', 'die'],
      ['status', '--tree'],
      ['events', '--type', words],
      ['doctor'],
      ['plan'],
      ['check'],
      ['start', 'hostile'],
      ['open'],
      ['up'],
      ['up', '--store', words],
    ];
    const textOf = async (args: readonly string[]) => {
      const terminal = onTerminal(...args);
      await terminal.ended;
      expect(terminal.text(), args.join(' ')).not.toBe('');
      expectNothingThatSteers(terminal.text());
      return terminal.text();
    };
    const runEach = async (args: readonly string[]) => {
      const texts = await Promise.all([textOf(args), textOf([...args, '--json'])]);
      // Otherwise nothing was attacked.
      if (telling.includes(args)) expect(texts.join(''), args.join(' ')).toContain(String.raw`A\u001b[2J`);
    };
    const runAll = async () => {
      const waiting = telling.values();
      const runNext = async () => {
        for (const args of waiting) await runEach(args);
      };
      await Promise.all([runNext(), runNext()]);
      // One of them ends the server.
      for (const args of others) await runEach(args);
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
