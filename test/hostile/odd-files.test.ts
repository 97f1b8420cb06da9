import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScene, type RunningDaemon } from '../support/doors/daemon.ts';
import { underAttack } from '../support/loop-delay.ts';
import { until } from '../support/processes.ts';

const mebibyte = 1024 * 1024;
const texts: readonly (readonly [string, string])[] = [
  ['brackets', '['.repeat(8 * mebibyte - 1)],
  ['100 000 levels', `{"mcpServers":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
  ['defaults within defaults', `{"mcpServers":{"a":{"command":"${'${A:-'.repeat(mebibyte)}"}}}`],
  ['comments', '/*'.repeat(4 * mebibyte - 1)],
  ['quotes', '"'.repeat(8 * mebibyte - 1)],
  ['backslashes', `{"a":"${'\\'.repeat(8 * mebibyte - 8)}`],
  ['colons', `{${':'.repeat(4 * mebibyte)}`],
  ['100 000 servers', `{"mcpServers":{${Array.from({ length: 100_000 }, (_, index) => `"k${index}":1`).join()}}}`],
  ['more than 8 MiB', ' '.repeat(9 * mebibyte)],
];
const makers: readonly (readonly [string, (path: string) => void])[] = [
  ['a pipe', (path) => execFileSync('mkfifo', [path])],
  ['a folder', (path) => mkdirSync(path)],
  ['a link to itself', (path) => symlinkSync(path, path)],
  ['a device without end', (path) => symlinkSync('/dev/zero', path)],
  ['the memory of a process', (path) => symlinkSync('/proc/self/mem', path)],
  ...texts.map(([what, text]) => [what, (path: string) => writeFileSync(path, text)] as const),
];

describe('in the place of the configuration', () => {
  it('anything is a rejected edit, and the next good one is carried out', async () => {
    const scene = openScene();
    const file = scene.writeConfig({ a: scene.talker() });
    const daemon = await scene.up();
    const generations = async () => (await daemon.client.get('/api/servers')).json.servers as { generation: number }[];
    await until('the server is connected', async () => (await isConnected(daemon)) === true);
    for (const [what, make] of makers) {
      const reject = async () => {
        rmSync(file, { recursive: true, force: true });
        make(join(scene.folder, 'mcp.json'));
        await until(`${what} is rejected`, async () => await isRejected(daemon));
      };
      await underAttack(`${what} in the place of the configuration`, reject, {
        client: daemon.client,
        mostMs: 15_000,
      });
      rmSync(file, { recursive: true, force: true });
      scene.writeConfig({ a: scene.talker() });
      await until(`${what} is mended`, async () => !(await isRejected(daemon)));
    }
    expect(await generations()).toMatchObject([{ name: 'a', state: 'connected', generation: 1 }]);
  }, 240_000);
});

async function isConnected({ client }: RunningDaemon): Promise<boolean> {
  return (await client.get('/api/servers/a')).json.state === 'connected';
}

async function isRejected({ client }: RunningDaemon): Promise<boolean> {
  return (await client.get('/api/status')).text.includes('"config-rejected"');
}
