import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTextFile, reasonOf } from '../../../src/config/file/text-file.ts';
import { loadConfig } from '../../../src/config/parse.ts';

const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-text-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function reasonFor(path: string): string | null {
  try {
    readTextFile(path);
    return null;
  } catch (error) {
    return reasonOf(error);
  }
}

describe('a file that a configuration points to', () => {
  it('is read if it is small and regular', () => {
    writeFileSync(join(folder, 'key'), 'key\n');
    expect(readTextFile(join(folder, 'key'))).toBe('key\n');
  });

  it('is refused, with the reason, if it could hold us up', () => {
    writeFileSync(join(folder, 'large'), Buffer.alloc(1_048_577, 'x'));
    expect(reasonFor(join(folder, 'large'))).toBe('the file is larger than 1048576 bytes');
    expect(reasonFor('/dev/null')).toBe('it is not a regular file');
    expect(reasonFor(folder)).toBe('it is not a regular file');
    expect(reasonFor(join(folder, 'none'))).toBe('ENOENT');
  });

  it.runIf(process.platform === 'linux')('is refused for what is in it, whatever size it says it has', () => {
    expect(() => readTextFile('/proc/self/maps', { maxBytes: 10 })).toThrow('the file is larger than 10 bytes');
  });
});

describe('a configuration', () => {
  it('may have 8 MiB', async () => {
    const file = join(folder, 'mcp.json');
    const write = (bytes: number) => writeFileSync(file, '{"mcpServers": {}}'.padEnd(bytes));
    write(8 * 1024 * 1024);
    expect((await loadConfig(file)).problems).toEqual([]);
    write(8 * 1024 * 1024 + 1);
    await expect(loadConfig(file)).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      details: { reason: 'the file is larger than 8388608 bytes' },
    });
  });
});
