import { describe, expect, it } from 'vitest';
import { containerRunOf } from '../../../../src/session/process/strays/container-run.ts';

function runOf(line: string) {
  const [command = '', ...args] = line.split(' ');
  return containerRunOf({ command, args, cwd: '/home' });
}

describe('a command line that runs a container', () => {
  for (const [line, withFile] of Object.entries({
    'docker run -i --rm image': 'run --cidfile=/f -i --rm image',
    '/usr/bin/podman run image': 'run --cidfile=/f image',
    'docker --context far -H tcp://h container run image': '--context far -H tcp://h container run --cidfile=/f image',
    'env -i -u B A=1 docker run image': '-i -u B A=1 docker run --cidfile=/f image',
  }))
    it(`is given an id file: ${line}`, () => {
      expect(runOf(line)?.withIdFile('/f').join(' ')).toBe(withFile);
      expect(runOf(line)?.idFile).toBeNull();
    });

  it('keeps the id file it names, from its working directory', () => {
    expect(runOf('docker run --cidfile own.cid image')?.idFile).toBe('/home/own.cid');
    expect(runOf('docker run --cidfile=/own.cid image')?.idFile).toBe('/own.cid');
  });

  it('is asked about with the options that say which daemon', () => {
    expect(runOf('docker --context far container run image')?.globals).toEqual(['--context', 'far']);
  });

  for (const line of ['node docker run', 'docker', 'docker ps', 'docker compose run image', 'env', 'env docker', 'run'])
    it(`is none: ${line}`, () => expect(runOf(line)).toBeNull());
});
