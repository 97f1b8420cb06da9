import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEntries } from '../../../src/config/parse.ts';
import { toLine } from '../../../src/errors.ts';
import type { ServerSpecification } from '../../../src/specification.ts';
import { addApproval, readApprovals } from '../../../src/state-directory/approvals-file.ts';
import { createApprovals } from '../../../src/supervisor/approval/approvals.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';

type Entry = Readonly<Record<string, unknown>>;

function specified(entry: Entry, name = 'a'): ServerSpecification {
  const whole = { mcpServers: Object.fromEntries([[name, entry]]), mcpvisor: { secrets: { T: 'x' } } };
  const { config, problems } = parseEntries(whole, { folder: '/etc/mcp', hostedTransports: ['inside'] });
  const specification = config?.servers.get(name);
  if (specification === undefined) throw new Error(problems.map(toLine).join('\n'));
  return specification;
}

interface Opening {
  readonly stateDir?: string | null;
  readonly inConfiguration?: string[];
  readonly trustsApi?: boolean;
}

function open({ stateDir = createScratchFolder(), inConfiguration = [], trustsApi = false }: Opening = {}) {
  const flaws = new Map<string, string>();
  const approvals = createApprovals({
    stateDir,
    approvedInConfiguration: () => inConfiguration,
    trustsApi,
    onFlaw: (path, flaw) => (flaw === null ? flaws.delete(path) : flaws.set(path, flaw)),
    onError: (error) => {
      throw error;
    },
  });
  onTestFinished(() => approvals.close());
  return { approvals, flaws, stateDir: stateDir ?? '' };
}

const hashOf = (entry: Entry): string => {
  const pending = open({ stateDir: null }).approvals.pendingOf(specified(entry), 'store');
  if (pending === null) throw new Error('it does not wait');
  return pending.hash;
};
const lineOf = (entry: Entry) => open().approvals.pendingOf(specified(entry), 'store')?.commandLine;
const approval = { server: 'a', commandLine: 'x', approvedAt: '2026-01-01T00:00:00.000Z' };
const secret = (name: string) => `\${secret:${name}}`;
const stdio = { command: 'npx', args: ['-y', 'x'] };

describe('what waits for approval', () => {
  const entries = {
    'a process': stdio,
    'a process of which nothing is said': { command: 'x' },
    'a remote server': { url: 'https://x.test/mcp' },
    'a remote server with a secret': { url: 'https://x.test/mcp', headers: { Authorization: `Bearer ${secret('T')}` } },
    'a remote server with a secret in its address': { url: `https://x.test/${secret('T')}` },
    'a transport of the host': { transport: 'inside' },
  };
  const waiting = (source: 'file' | 'store' | 'host', options: Opening = {}) =>
    Object.entries(entries).flatMap(([what, entry]) =>
      open(options).approvals.pendingOf(specified(entry), source) === null ? [] : [what],
    );

  it('of the store is what would run here, and what is given a secret', () => {
    expect(waiting('store')).toEqual([
      'a process',
      'a process of which nothing is said',
      'a remote server with a secret',
      'a remote server with a secret in its address',
    ]);
  });

  it('is nothing of the file or the host, and nothing if the API is trusted', () => {
    expect(waiting('file')).toEqual([]);
    expect(waiting('host')).toEqual([]);
    expect(waiting('store', { trustsApi: true })).toEqual([]);
  });

  it('says which command approves it, or which setting if there is no state directory', () => {
    const command = (name: string) => open().approvals.pendingOf(specified(stdio, name), 'store')?.clearedBy;
    expect(command('a')).toBe('mcpvisor approve a');
    expect(command('my b')).toBe("mcpvisor approve 'my b'");
    const pending = open({ stateDir: null }).approvals.pendingOf(specified(stdio), 'store');
    expect(pending?.clearedBy).toBe(`mcpvisor.approved: ["${pending?.hash}"]`);
  });
});

describe('the hash', () => {
  it('is another for all that decides what runs, and the same for all else', () => {
    const base = { command: 'x', args: ['1', '2'], env: { A: '1', B: '2' } };
    const others: readonly Entry[] = [
      { ...base, command: 'y' },
      { ...base, args: ['1'] },
      { ...base, args: ['2', '1'] },
      { ...base, args: ['1 2'] },
      { ...base, env: { A: '1', B: '3' } },
      { ...base, env: { A: '1', C: '2' } },
      { ...base, env: { A: '1', B: '2', C: '' } },
      { ...base, cwd: '/tmp' },
      { ...base, envFile: '.env' },
      { ...base, inheritEnv: 'all' },
      { ...base, inheritEnv: ['A'] },
      { ...base, args: ['1', secret('T')] },
    ];
    const hashes = [base, ...others].map(hashOf);
    expect(new Set(hashes).size).toBe(others.length + 1);
    for (const hash of hashes) expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/);
    const alike: readonly Entry[] = [
      { ...base, env: { B: '2', A: '1' } },
      { ...base, callTimeoutMs: 7, lazy: true, group: 'g', tools: { include: ['x'] }, restart: { baseMs: 7 } },
      { ...base, cwd: '/etc/mcp' },
      { ...base, note: 'what nobody knows' },
    ];
    for (const entry of alike) expect(hashOf(entry)).toBe(hashes[0]);
  });

  it('of a remote server is, too', () => {
    const base = { url: 'https://x.test/mcp', headers: { A: secret('T') } };
    const others: readonly Entry[] = [
      { ...base, url: 'https://y.test/mcp' },
      { ...base, headers: { B: secret('T') } },
      { ...base, headers: { A: `x${secret('T')}` } },
      { ...base, transport: 'sse' },
      { ...base, proxy: 'http://p.test' },
      { ...base, tls: { ca: 'ca.pem' } },
    ];
    expect(new Set([base, ...others].map(hashOf)).size).toBe(others.length + 1);
  });
});

describe('the command line', () => {
  it('is what would run, with the names of variables and without their values', () => {
    expect(lineOf({ command: 'npx', args: ['-y', 'a b', '$(rm x)'], env: { NODE_OPTIONS: '--require=./x.js' } })).toBe(
      "NODE_OPTIONS=… npx -y 'a b' '$(rm x)', in /etc/mcp",
    );
    expect(lineOf({ command: 'x', cwd: '/w', envFile: '.env', inheritEnv: 'all' })).toBe(
      'x, in /w, with the variables of /etc/mcp/.env, inherits all',
    );
    expect(lineOf({ url: 'https://x.test/mcp', headers: { Authorization: secret('T') }, proxy: 'http://p.test' })).toBe(
      'https://x.test/mcp, with the headers Authorization, through the proxy http://p.test',
    );
  });

  it('repeats no value of a variable or header in any other place', () => {
    const line = lineOf({ command: 'x', args: ['--key=top-secret-1'], env: { KEY: 'top-secret-1' } });
    expect(line).not.toContain('top-secret-1');
    expect(line).toContain('[redacted]');
  });

  it('of great length shows its beginning and its end, and says how much is left out', () => {
    const line = lineOf({ command: 'x', args: ['y'.repeat(100_000), '--last'] }) ?? '';
    expect(line.length).toBeLessThan(5_000);
    expect(line).toMatch(/^x y+ … \d+ characters … y+ --last, in \/etc\/mcp$/);
  });
});

describe('an approval', () => {
  it('by the configuration counts for that specification alone', () => {
    const { approvals } = open({ inConfiguration: [hashOf(stdio)] });
    expect(approvals.pendingOf(specified(stdio), 'store')).toBeNull();
    expect(approvals.pendingOf(specified({ ...stdio, args: [] }), 'store')).not.toBeNull();
  });

  it('that is written while a control plane runs is taken within a second, and told once', async () => {
    const { approvals, stateDir } = open();
    const told: number[] = [];
    approvals.onChanged(() => told.push(performance.now()));
    await addApproval(stateDir, hashOf(stdio), approval);
    const writtenAt = performance.now();
    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(1);
    expect(approvals.pendingOf(specified(stdio), 'store')).toBeNull();
    expect((told[0] ?? 0) - writtenAt).toBeLessThan(5_000);
    await addApproval(stateDir, hashOf({ command: 'other' }), approval);
    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(2);
  });

  it('is known to the next run, in a file that only its owner can read', async () => {
    const stateDir = createScratchFolder();
    await addApproval(stateDir, hashOf(stdio), approval);
    expect(statSync(join(stateDir, 'approvals.json')).mode & 0o777).toBe(0o600);
    expect(open({ stateDir }).approvals.pendingOf(specified(stdio), 'store')).toBeNull();
    expect([...(readApprovals(stateDir).value ?? [])]).toEqual([[hashOf(stdio), approval]]);
  });

  it('is not lost when several are written at the same moment', async () => {
    const stateDir = createScratchFolder();
    const hashes = Array.from({ length: 12 }, (_, index) => hashOf({ command: `x${index}` }));
    await Promise.all(hashes.map((hash) => addApproval(stateDir, hash, approval)));
    expect([...(readApprovals(stateDir).value?.keys() ?? [])].sort()).toEqual([...hashes].sort());
  });

  const good = () => JSON.stringify({ approved: [{ hash: hashOf(stdio), ...approval }] });
  it.each<readonly [string, (path: string) => void]>([
    ['that is no JSON', (path) => writeFileSync(path, `${good()}}`)],
    ['that was written half', (path) => writeFileSync(path, good().slice(0, -4))],
    ['of which one entry is strange', (path) => writeFileSync(path, good().replace(']', ', {"hash": "sha256:1"}]'))],
    ['that lists hashes alone', (path) => writeFileSync(path, JSON.stringify({ approved: [hashOf(stdio)] }))],
    ['that is empty', (path) => writeFileSync(path, '')],
    ['that is a folder', (path) => mkdirSync(path)],
    [
      'that is a link to one that would count',
      (path) => {
        const elsewhere = join(createScratchFolder(), 'approvals.json');
        writeFileSync(elsewhere, good());
        symlinkSync(elsewhere, path);
      },
    ],
  ])('in a file %s is told and does not count', (_, make) => {
    const stateDir = createScratchFolder();
    const path = join(stateDir, 'approvals.json');
    make(path);
    const { approvals, flaws } = open({ stateDir });
    expect(approvals.pendingOf(specified(stdio), 'store')).not.toBeNull();
    expect(flaws.get(path)).toContain(path);
  });

  it('in the place of a file that could not be read counts, and the flaw is over', async () => {
    const stateDir = createScratchFolder();
    const path = join(stateDir, 'approvals.json');
    writeFileSync(path, 'nothing');
    const { approvals, flaws } = open({ stateDir });
    await addApproval(stateDir, hashOf(stdio), approval);
    await expect.poll(() => approvals.pendingOf(specified(stdio), 'store'), { timeout: 10_000 }).toBeNull();
    expect([...flaws]).toEqual([]);
  });
});

describe('an entry of the file that was edited through the API', () => {
  const edited = { ...stdio, args: ['edited'] };

  it('waits, also in the next run, and what a person wrote does not', async () => {
    const { approvals, stateDir } = open();
    await approvals.madeByApi(specified(edited), specified(stdio));
    for (const one of [approvals, open({ stateDir }).approvals]) {
      expect(one.pendingOf(specified(edited), 'file')).not.toBeNull();
      expect(one.pendingOf(specified(stdio), 'file')).toBeNull();
      expect(one.pendingOf(specified({ ...stdio, args: ['by hand'] }), 'file')).toBeNull();
      expect(one.pendingOf(specified(edited, 'another'), 'file')).toBeNull();
    }
    expect(statSync(join(stateDir, 'api-edits.json')).mode & 0o777).toBe(0o600);
  });

  it('does not wait if the edit was about something else', async () => {
    const { approvals, stateDir } = open();
    await approvals.madeByApi(specified({ ...stdio, callTimeoutMs: 7 }), specified(stdio));
    expect(approvals.pendingOf(specified(stdio), 'file')).toBeNull();
    expect(existsSync(join(stateDir, 'api-edits.json'))).toBe(false);
  });

  it('waits after an edit of something else, as long as nobody approved it', async () => {
    const { approvals, stateDir } = open();
    await approvals.madeByApi(specified(edited), specified(stdio));
    await approvals.madeByApi(specified({ ...edited, lazy: true }), specified(edited));
    expect(approvals.pendingOf(specified({ ...edited, lazy: true }), 'file')).not.toBeNull();
    await addApproval(stateDir, hashOf(edited), approval);
    await expect.poll(() => approvals.pendingOf(specified(edited), 'file'), { timeout: 10_000 }).toBeNull();
  });

  it('may go back to what a person wrote, however often', async () => {
    const { approvals } = open();
    for (let round = 0; round < 3; round += 1) {
      await approvals.madeByApi(specified(edited), specified(stdio));
      expect(approvals.pendingOf(specified(edited), 'file')).not.toBeNull();
      await approvals.madeByApi(specified(stdio), specified(edited));
      expect(approvals.pendingOf(specified(stdio), 'file')).toBeNull();
    }
  });

  it('waits while it is being written, whatever else could not be written before', async () => {
    const { approvals } = open();
    const others = ['1', '2', '3'].map((arg) => specified({ ...stdio, args: [arg] }));
    await approvals.madeByApi(specified(edited), null);
    for (const other of others) await approvals.madeByApi(other, specified(edited));
    expect(approvals.pendingOf(specified(edited), 'file')).not.toBeNull();
    expect(others.map((other) => approvals.pendingOf(other, 'file') !== null)).toEqual([false, false, true]);
  });

  it('is not remembered without bounds', async () => {
    const { approvals, stateDir } = open();
    let before = stdio;
    for (let edits = 0; edits < 100; edits += 1) {
      const next = { ...stdio, args: [`${edits}`] };
      await approvals.madeByApi(specified(next), specified(before));
      before = next;
    }
    expect(approvals.pendingOf(specified(before), 'file')).not.toBeNull();
    expect(readFileSync(join(stateDir, 'api-edits.json'), 'utf8').length).toBeLessThan(2_000);
  });

  it('is not acknowledged if that cannot be kept', async () => {
    const stateDir = createScratchFolder();
    const { approvals } = open({ stateDir });
    mkdirSync(join(stateDir, 'api-edits.json', 'x'), { recursive: true });
    await expect(approvals.madeByApi(specified(edited), specified(stdio))).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(approvals.pendingOf(specified(edited), 'file'), 'it waits all the same').not.toBeNull();
  });

  it('is told if the file that says so cannot be read', () => {
    const stateDir = createScratchFolder();
    writeFileSync(join(stateDir, 'api-edits.json'), '{"marks": [["a"]]}');
    expect([...open({ stateDir }).flaws.keys()]).toEqual([join(stateDir, 'api-edits.json')]);
  });
});
