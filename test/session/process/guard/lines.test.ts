import { describe, expect, it } from 'vitest';
import { lineOfMark } from '../../../../src/session/process/guard/lines.ts';

const stop = { closeMs: 1, terminateMs: 2, killMs: 3 };
const container = {
  program: 'docker',
  globals: ['--context', ''],
  idFile: '/a b\n',
  isFileOurs: true,
  cwd: '/',
  env: {},
};

describe('the line of a mark with a container', () => {
  it('is one line of plain words, whatever they hold', () => {
    const line = lineOfMark({ key: 'one:1', stop, container });
    expect(line).toBe('= one:1 1 2 3 .ours ./a\\0040b\\0012 ./ .- .docker .--context .');
  });

  it('has what an engine goes by, and no secret of the server', () => {
    const env = {
      PATH: '/bin',
      DOCKER_HOST: 'tcp://far',
      CONTAINER_HOST: 'ssh://far',
      API_TOKEN: 'secret',
      HOME: undefined,
    };
    const line = lineOfMark({ key: 'one:1', stop, container: { ...container, env } });
    expect(line).toContain(' .PATH=/bin .DOCKER_HOST=tcp://far .CONTAINER_HOST=ssh://far .- ');
    expect(line).not.toContain('secret');
  });
});
