import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseEntries } from '../../../src/config/parse.ts';
import { createSupervisor } from '../../../src/index.ts';
import { addApproval } from '../../../src/state-directory/approvals-file.ts';
import { createApprovals } from '../../../src/supervisor/approval/approvals.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { type Entry, openStage, untilFact, untilState } from '../../support/supervised.ts';

/** A supervisor with one server in a file, of which some specifications count as made through the API. */
async function openEdited(first: Entry, edited: readonly Entry[], servers: Readonly<Record<string, Entry>> = {}) {
  const folder = createScratchFolder();
  const stateDir = createScratchFolder();
  const file = join(folder, 'mcp.json');
  const write = (entry: Entry) => {
    writeFileSync(`${file}.new`, JSON.stringify({ mcpServers: { a: entry, ...servers } }));
    renameSync(`${file}.new`, file);
  };
  const specified = (entry: Entry) => {
    const specification = parseEntries({ mcpServers: { a: entry } }, { folder }).config?.servers.get('a');
    if (specification === undefined) throw new Error('a mistake in the entry');
    return specification;
  };
  const marking = createApprovals({
    stateDir,
    approvedInConfiguration: () => [],
    trustsApi: false,
    onFlaw: () => undefined,
    onError: () => undefined,
  });
  for (const entry of edited) await marking.madeByApi(specified(entry), null);
  marking.close();
  write(first);
  const supervisor = await createSupervisor({ config: file, stateDir });
  onTestFinished(() => supervisor.close());
  return {
    supervisor,
    write,
    edit: async (entry: Entry) => {
      const applied = untilFact(supervisor, 'config.applied');
      write(entry);
      await applied;
    },
    approve: async () => {
      const hash = supervisor.status('a').approval?.hash ?? 'it does not wait';
      await addApproval(stateDir, hash, { server: 'a', commandLine: '', approvedAt: '' });
    },
  };
}

const alarmsOf = (alarms: readonly { readonly alarm: string }[]) => alarms.map(({ alarm }) => alarm);

describe('a server that waits for approval', () => {
  it('says so everywhere, does not run, and starts by itself once it is approved', async () => {
    const stage = openStage();
    const waiting = { ...stage.program('speak'), required: true };
    const dependent = { ...stage.program('speak'), dependsOn: ['a'] };
    const { supervisor, approve } = await openEdited(waiting, [waiting], { b: dependent });
    const { settled, notReady } = await supervisor.ready();
    expect([settled, notReady.map(({ name }) => name)]).toEqual([true, ['a', 'b']]);
    const status = supervisor.status('a');
    expect(status).toMatchObject({ state: 'idle', wanted: 'up', generation: 0, pid: null });
    expect(status.approval?.commandLine).toContain(stage.mark);
    expect(status.alarms).toMatchObject([
      { alarm: 'approval-needed', clearedBy: 'mcpvisor approve a', reason: expect.stringContaining('sha256:') },
    ]);
    expect(supervisor.status('b').alarms).toMatchObject([
      { alarm: 'waiting-for', reason: 'waits for a; dependency "a" waits for approval' },
    ]);
    const reason = 'it waits for approval: mcpvisor approve a';
    const notConnected = { code: 'SERVER_NOT_CONNECTED', details: { state: 'idle', reason } };
    await expect(supervisor.callTool('a', 'echo', {})).rejects.toMatchObject(notConnected);
    await expect(supervisor.ensureConnected(['a'])).rejects.toMatchObject(notConnected);
    await expect(supervisor.ensureConnected(['b'])).rejects.toMatchObject({ code: 'SERVER_NOT_CONNECTED' });
    for (const type of ['server.start', 'server.restart'] as const)
      await expect(supervisor.send('a', { type })).rejects.toMatchObject({
        code: 'COMMAND_REJECTED',
        details: { reason },
      });
    await expect(supervisor.send('b', { type: 'server.start' })).rejects.toMatchObject({
      details: { reason: 'dependency "a" waits for approval' },
    });
    await approve();
    await untilState(supervisor, 'b', 'connected', { since: 0 });
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', generation: 1, approval: null, alarms: [] });
  });
});

describe('a server that runs while an edit waits for approval', () => {
  it('goes on, then is restarted with what was approved', async () => {
    const stage = openStage();
    const [old, next] = [stage.program('speak'), stage.program('speak', { env: { EDITED: '1' } })];
    const { supervisor, edit, approve } = await openEdited(old, [next]);
    await supervisor.ready();
    const { pid } = supervisor.status('a');
    await edit(next);
    expect(supervisor.status('a')).toMatchObject({ state: 'connected', pid, generation: 1 });
    expect(alarmsOf(supervisor.status('a').alarms)).toEqual(['approval-needed']);
    expect(supervisor.status('a').approval?.commandLine).toMatch(/^EDITED=… /);
    await expect(supervisor.send('a', { type: 'server.restart' })).rejects.toMatchObject({ code: 'COMMAND_REJECTED' });
    expect(supervisor.status('a').pid).toBe(pid);
    await approve();
    await expect
      .poll(() => supervisor.status('a'), { timeout: 20_000 })
      .toMatchObject({
        state: 'connected',
        generation: 2,
        approval: null,
      });
  });

  it('goes on without a restart when the edit is taken back', async () => {
    const stage = openStage();
    const [old, next] = [stage.program('speak'), stage.program('speak', { env: { EDITED: '1' } })];
    const { supervisor, edit } = await openEdited(old, [next, { ...next, lazy: true }]);
    await supervisor.ready();
    const { pid } = supervisor.status('a');
    await edit(next);
    await edit({ ...next, callTimeoutMs: 7_000 });
    await edit(old);
    expect(supervisor.status('a')).toMatchObject({
      state: 'connected',
      pid,
      generation: 1,
      approval: null,
      alarms: [],
    });
  });
});
