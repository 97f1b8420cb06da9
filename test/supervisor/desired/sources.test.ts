import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSupervisor, type Supervisor } from '../../../src/index.ts';
import { hostInMemory, insideEntries } from '../../support/in-memory.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { type Entries, untilFact } from '../../support/supervised.ts';

const { transports } = hostInMemory({});

async function openFile(names: readonly string[]) {
  const file = join(createScratchFolder(), 'mcp.json');
  let edits = 0;
  const write = (servers: Entries) => {
    edits += 1;
    writeFileSync(`${file}.new`, `// edit ${edits}\n${JSON.stringify({ mcpServers: servers })}`);
    renameSync(`${file}.new`, file);
  };
  write(insideEntries(names));
  const supervisor = await createSupervisor({ config: file, transports });
  onTestFinished(() => supervisor.close());
  await supervisor.ready();
  /** An edit that has nothing to do with what the library changed, and what was told of it. */
  const edit = async (...servers: readonly string[]) => {
    const applied = untilFact(supervisor, 'config.applied');
    const warned = untilFact(supervisor, 'config.warned');
    write(insideEntries(servers, { callTimeoutMs: 7_000 }));
    await applied;
    return warned;
  };
  return { supervisor, edit };
}

function sourcesIn(supervisor: Supervisor) {
  return Object.fromEntries(supervisor.status().servers.map(({ name, source }) => [name, source]));
}

describe('an edit of the file, whatever it is about,', () => {
  it('takes the place of a configuration that was applied, and says so', async () => {
    const { supervisor, edit } = await openFile(['a']);
    await supervisor.apply({ mcpServers: insideEntries(['a', 'z']) });
    expect(sourcesIn(supervisor)).toEqual({ a: 'host', z: 'host' });
    await supervisor.add('added', { transport: 'inside' });
    const { problems } = await edit('a', 'c');
    expect(problems).toEqual([expect.stringContaining('the configuration that was applied')]);
    // A server that was taken away is listed until it has ended.
    await expect.poll(() => sourcesIn(supervisor)).toEqual({ a: 'file', c: 'file', added: 'host' });
  });

  it('brings back a server of the file that was removed, and says so once', async () => {
    const { supervisor, edit } = await openFile(['a', 'b']);
    await supervisor.remove('b');
    const { problems } = await edit('a', 'b', 'c');
    expect(problems).toEqual([expect.stringMatching(/mcpServers\.b: .*removed/)]);
    expect(sourcesIn(supervisor)).toEqual({ a: 'file', b: 'file', c: 'file' });
    await supervisor.update('c', { callTimeoutMs: 8_000 });
    expect((await edit('a', 'b', 'c')).problems).toEqual([expect.stringMatching(/mcpServers\.c: .*the file wins/)]);
  });

  it('lets servers of other names stay as they were added, replaced or updated', async () => {
    const { supervisor, edit } = await openFile(['a']);
    await supervisor.add('x', { transport: 'inside' });
    await supervisor.add('y', { transport: 'inside' });
    await supervisor.replace('x', { transport: 'inside', callTimeoutMs: 1_000 });
    await supervisor.update('y', { callTimeoutMs: 2_000 });
    await supervisor.update('a', { callTimeoutMs: 3_000 });
    expect((await edit('a')).problems).toHaveLength(1);
    expect(supervisor.config()).toMatchObject({
      mcpServers: { a: { callTimeoutMs: 7_000 }, x: { callTimeoutMs: 1_000 }, y: { callTimeoutMs: 2_000 } },
    });
    expect(sourcesIn(supervisor)).toEqual({ a: 'file', x: 'host', y: 'host' });
  });
});
