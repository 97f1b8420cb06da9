import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProcessRegistry, type ProcessRecord } from '../../../src/session/process/registry.ts';

let stateDir: string;
let path: string;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'mcpvisor-'));
  path = join(stateDir, 'processes.json');
});

afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function record(changes: Partial<ProcessRecord> = {}): ProcessRecord {
  return {
    server: 'one',
    generation: 1,
    pid: 900_000_001,
    startTime: 'boot:1',
    command: 'node',
    stop: { closeMs: 1, terminateMs: 1, killMs: 1 },
    ...changes,
  };
}

function pidsOnDisk(): readonly number[] {
  return JSON.parse(readFileSync(path, 'utf8')).processes.map(({ pid }: ProcessRecord) => pid);
}

describe('a registry with a state directory', () => {
  it('has a record on disk, for its owner only, when it says so', async () => {
    const registry = createProcessRegistry({ stateDir });
    await registry.add(record());
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ processes: [record()] });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(stateDir)).toEqual(['processes.json']);
    registry.remove(record().pid);
    await registry.close();
    expect(pidsOnDisk()).toEqual([]);
  });

  it('writes once for many that come at once', async () => {
    const registry = createProcessRegistry({ stateDir });
    const adds = Array.from({ length: 200 }, (_, index) => registry.add(record({ pid: 900_000_000 + index })));
    expect(new Set(adds).size).toBe(1);
    await Promise.all(adds);
    expect(pidsOnDisk()).toHaveLength(200);
  });

  it('has each of those on disk that come while it writes', async () => {
    const registry = createProcessRegistry({ stateDir });
    const first = registry.add(record());
    await Promise.resolve();
    await Promise.resolve();
    const second = registry.add(record({ pid: 900_000_002 }));
    await first;
    await second;
    expect(pidsOnDisk()).toEqual([900_000_001, 900_000_002]);
  });

  it('makes its folder again, with its modes, when somebody has cleaned it away', async () => {
    const registry = createProcessRegistry({ stateDir });
    await registry.add(record());
    rmSync(stateDir, { recursive: true });
    await registry.add(record({ pid: 900_000_002 }));
    expect(pidsOnDisk()).toEqual([900_000_001, 900_000_002]);
    expect(statSync(stateDir).mode & 0o777).toBe(0o700);
    await registry.close();
  });

  it('keeps what it cannot write in memory, tells of it, and writes it when it can', async () => {
    const troubles: unknown[] = [];
    const onTrouble = (error: unknown) => troubles.push(error);
    const blocked = join(stateDir, 'blocked');
    path = join(blocked, 'processes.json');
    writeFileSync(blocked, 'a file where the folder should be');
    const registry = createProcessRegistry({ stateDir: blocked, onTrouble, retryMs: 10 });
    await registry.add(record());
    expect(troubles).toMatchObject([{ code: 'ENOTDIR' }]);
    expect(registry.list()).toEqual([record()]);
    rmSync(blocked);
    await vi.waitFor(() => expect(troubles.at(-1)).toBeNull(), { timeout: 5_000 });
    expect(pidsOnDisk()).toEqual([900_000_001]);
    await registry.close();
  });

  it('keeps the records of an earlier life until they are reaped', async () => {
    writeFileSync(path, JSON.stringify({ processes: [record({ generation: 7 })] }));
    const registry = createProcessRegistry({ stateDir });
    expect(registry.generations.get('one') ?? 0).toBe(7);
    expect(registry.generations.get('two') ?? 0).toBe(0);
    await registry.add(record({ pid: 900_000_002, generation: 8 }));
    expect(pidsOnDisk()).toEqual([900_000_001, 900_000_002]);
    expect(registry.list().map(({ pid }) => pid)).toEqual([900_000_002]);
    expect(await registry.reapSurvivors()).toEqual([]);
    await registry.close();
    expect(pidsOnDisk()).toEqual([900_000_002]);
    expect(registry.generations.get('one') ?? 0).toBe(8);
  });
  it('goes on from the numbers of servers that ended in order', async () => {
    const first = createProcessRegistry({ stateDir });
    await first.add(record({ server: 'one', generation: 4, pid: 900_000_001 }));
    await first.add(record({ server: 'two', generation: 2, pid: 900_000_002 }));
    first.remove(900_000_001);
    first.remove(900_000_002);
    await first.close();
    const next = createProcessRegistry({ stateDir });
    expect([...next.generations]).toEqual([
      ['one', 4],
      ['two', 2],
    ]);
    await next.close();
  });
});

describe('a registry whose file is damaged', () => {
  for (const [what, text] of [
    ['cut off', '{"processes":[{"ser'],
    ['empty', ''],
    ['about everybody', JSON.stringify({ processes: [record({ pid: 1 })] })],
    ['about another thing', '[]'],
  ] as const) {
    it(`keeps it aside and says so (${what})`, async () => {
      writeFileSync(path, text);
      const problems: string[] = [];
      const registry = createProcessRegistry({ stateDir, onError: (problem) => problems.push(problem) });
      expect(await registry.reapSurvivors()).toEqual([]);
      const [aside] = readdirSync(stateDir);
      expect(aside).toMatch(/^processes\.json\.corrupt-\d+$/);
      expect(readFileSync(join(stateDir, aside ?? ''), 'utf8')).toBe(text);
      expect(problems).toHaveLength(1);
      await registry.add(record());
      expect(pidsOnDisk()).toEqual([record().pid]);
    });
  }
});

describe('a registry without a state directory', () => {
  it('keeps records for this life only', async () => {
    const registry = createProcessRegistry({ stateDir: null });
    await registry.add(record());
    expect(registry.list()).toEqual([record()]);
    expect(await registry.reapSurvivors()).toEqual([]);
    registry.killAllNow();
    registry.remove(record().pid);
    await registry.close();
    expect(registry.list()).toEqual([]);
  });
});
