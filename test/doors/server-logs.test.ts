import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openScene } from '../support/doors/daemon.ts';
import { until } from '../support/processes.ts';

/** A server that says who it is on stderr, and then speaks. */
function talkingOnStderr(mark: string, talker: string) {
  return {
    command: '/bin/sh',
    args: ['-c', `echo "here I am" >&2; exec "$0" "$1" "${mark}"`, process.execPath, talker],
  };
}

describe('the stderr of a server', () => {
  it.each([
    { choice: 'on', inLog: true },
    { choice: 'off', inLog: false },
  ])('with --server-logs $choice is in a file of its own, and in the JSON log: $inLog', async ({ choice, inLog }) => {
    const scene = openScene();
    const { args } = scene.talker();
    const [talker = ''] = args as readonly string[];
    scene.writeConfig({ files: talkingOnStderr(scene.mark, talker) });
    const file = join(scene.stateDir, 'logs', 'files.log');
    for (const life of [1, 2]) {
      const daemon = await scene.up({ args: ['--log-format', 'json', '--server-logs', choice] });
      await until('the server is connected', () => daemon.stdout().includes('session open'));
      daemon.kill('SIGTERM');
      const { stdout, code } = await daemon.ended;
      expect(code).toBe(0);
      const lines = stdout.trim().split('\n');
      const heard = lines.map((line) => JSON.parse(line)).filter(({ stream }) => stream === 'stderr');
      expect(heard.map(({ actor, msg }) => [actor, msg])).toEqual(inLog ? [['server:files', 'here I am']] : []);
      expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(life);
    }
    expect(readFileSync(file, 'utf8')).toMatch(/^(\d{4}-\S+Z stderr here I am\n){2}$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});
