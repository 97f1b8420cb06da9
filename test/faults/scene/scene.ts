/** The folder, the configuration and the control planes of a run, one after the other. Nothing of it outlives the run. */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMark, killMarked, untilNoneMarked } from '../../support/processes.ts';
import {
  configurationOf,
  type Edit,
  type Edits,
  type Entry,
  type Member,
  namesIn,
  withEdit,
} from '../schedule/fleet.ts';
import type { Schedule } from '../schedule/schedule.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { killAllOf } from './living.ts';

export interface Scene {
  /** In the environment of every server. */
  readonly mark: string;
  readonly config: string;
  /** All that there were; the last one may still be up. */
  readonly planes: readonly ControlPlane[];
  /** The one that is up; throws if there is none. */
  plane(): ControlPlane;
  /** `replaces`: it takes the place of the one that is up. */
  start(how?: { readonly replaces: boolean }): Promise<void>;
  /** Of the control plane that is up; null: it holds its sessions itself. */
  clientProcess(): Promise<number | null>;
  /** What the file says after that edit. */
  edited(edit: Edit): { readonly text: string; readonly isChanged: boolean };
  /** The servers that the file has. */
  names(): readonly string[];
  /** The last lines that control planes wrote. */
  output(): string;
  /** Kills the control planes, at once: what waits for one finds it gone. */
  kill(): void;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}

export function openScene({ fleet, isolation }: Schedule): Scene {
  const folder = mkdtempSync(join(tmpdir(), 'mcpvisor-faults-'));
  const config = join(folder, 'mcp.json');
  const mark = createMark();
  const commandOf = ({ program, args }: Member): Entry => {
    const path = fileURLToPath(new URL(`../../servers/${program}.mjs`, import.meta.url));
    return { command: process.execPath, args: [path, ...args], env: { FAULTS: mark } };
  };
  const children: ChildProcess[] = [];
  const planes: ControlPlane[] = [];
  let edits: Edits = new Map();
  let written = configurationOf(fleet, edits, commandOf);
  writeFileSync(config, written);

  const plane = (): ControlPlane => {
    const last = planes.at(-1);
    if (last?.isUp() !== true) throw new Error('the control plane has ended by itself');
    return last;
  };
  const kill = (): void => {
    for (const child of children) child.kill('SIGKILL');
  };
  return {
    mark,
    config,
    planes,
    plane,
    async start({ replaces } = { replaces: false }) {
      const place = { folder, config, isolation, replaces };
      planes.push(await startControlPlane(place, (child) => children.push(child)));
    },
    async clientProcess() {
      if (isolation === 'in-process') return null;
      const { json } = await plane().client.get('/api/status', { signal: AbortSignal.timeout(30_000) });
      const { pid = null } = (json.clientProcess ?? {}) as { readonly pid?: number | null };
      return pid;
    },
    edited(edit) {
      edits = withEdit(edits, edit);
      const text = configurationOf(fleet, edits, commandOf);
      const isChanged = edit.change === 'break' || text !== written;
      written = text;
      return { text, isChanged };
    },
    names: () => namesIn(fleet, edits),
    output: () => readFileSync(join(folder, 'output'), 'utf8').split('\n').slice(-30).join('\n'),
    kill,
    async close() {
      kill();
      // A client process has the state directory in its arguments.
      killMarked(folder);
      await untilNoneMarked(folder);
      await killAllOf(mark);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
