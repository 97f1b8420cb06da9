import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTextFile, reasonOf } from '../../../src/config/file/text-file.ts';

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
});
