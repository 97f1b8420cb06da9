/**
 * The containers that servers run with `docker run` or `podman run`. They are nobody's children, so no mark and no group
 * leads to them: they go by the file into which the engine writes their id. The files that we name are in a folder of
 * the state directory, where the next run finds what this one could not end.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StopSettings } from '../../../specification.ts';
import type { Command } from '../command.ts';
import type { GuardedContainer } from '../guard/lines.ts';
import { type Container, endContainer } from './container.ts';
import { containerRunOf } from './container-run.ts';
import type { HuntParts, Quarry } from './hunt.ts';
import { type Mark, markOf, parseMark } from './mark.ts';

export interface Containers {
  /** To be called before a process is spawned, with what is to be spawned. Does not throw. */
  expect(mark: Mark, line: SpawnLine): ExpectedContainer;
  /** Ends the containers of earlier runs. Resolves when they are gone, or have survived. Does not reject. */
  reap(stopOf: (server: string) => StopSettings): Promise<void>;
  /** Removes the folder, if it is a temporary one. */
  close(): void;
}

export interface SpawnLine extends Command {
  readonly args: readonly string[];
}

export interface ExpectedContainer {
  /** Null: the server runs none. */
  readonly guarded: GuardedContainer | null;
  /** The arguments to spawn with. */
  readonly args: readonly string[];
  /** The server's group is gone. Resolves with whether no container of it runs; rejects if that cannot be found out. */
  end(quarry: Quarry): Promise<boolean>;
}

export interface ContainersOptions {
  /** Null: the files are in a temporary folder, and a later run does not find them. */
  readonly stateDir: string | null;
  readonly instance: string;
  readonly hunting: HuntParts;
}

/** Longest name of a file without its ending; names of servers may be longer once they are encoded. */
const maxNameLength = 200;

export function createContainers({ stateDir, instance, hunting }: ContainersOptions): Containers {
  let folder: string | null = stateDir === null ? null : join(stateDir, 'containers');

  /** Null: none can be made, which is no reason not to start the server. */
  const fileFor = (engine: string, mark: Mark): string | null => {
    try {
      return makeRoom(engine, mark);
    } catch (error) {
      hunting.onError(`A container of server "${mark.server}" may outlive it: ${String(error)}`);
      return null;
    }
  };
  const makeRoom = (engine: string, mark: Mark): string => {
    folder ??= mkdtempSync(join(tmpdir(), 'mcpvisor-containers-'));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = `${engine}@${markOf(mark)}`;
    const server = createHash('sha256').update(mark.server).digest('hex');
    const path = join(folder, `${name.length > maxNameLength ? `${engine}@${markOf({ ...mark, server })}` : name}.cid`);
    // The engine refuses a file that is there.
    rmSync(path, { force: true });
    return path;
  };

  return {
    expect(mark, line) {
      const run = containerRunOf(line);
      if (run === null) return none(line);
      const own = run.idFile === null ? fileFor(run.engine, mark) : null;
      const idFile = own ?? run.idFile;
      if (idFile === null) return none(line);
      const { program, globals } = run;
      const container: Container = { program, globals, idFile, env: { ...line.env }, cwd: line.cwd };
      return {
        guarded: { ...container, env: line.env, isFileOurs: own !== null },
        args: own === null ? line.args : run.withIdFile(own),
        async end(quarry) {
          const isGone = await endContainer(container, quarry, hunting);
          if (isGone && own !== null) rmSync(own, { force: true });
          return isGone;
        },
      };
    },
    async reap(stopOf) {
      if (stateDir === null || folder === null) return;
      const path = folder;
      await Promise.all(
        namesIn(path).map(async (name) => {
          const { engine = '', text = '' } = /^(?<engine>docker|podman)@(?<text>.+)\.cid$/.exec(name)?.groups ?? {};
          const mark = parseMark(text);
          if (mark === null || mark.instance === instance) return;
          const idFile = join(path, name);
          const container: Container = { program: engine, globals: [], idFile, env: undefined, cwd: path };
          const quarry: Quarry = { mark, stop: stopOf(mark.server), secrets: null };
          try {
            if (await endContainer(container, quarry, hunting)) rmSync(idFile, { force: true });
          } catch (error) {
            hunting.onError(`The container of server "${mark.server}" could not be ended: ${String(error)}`);
          }
        }),
      );
    },
    close() {
      if (stateDir === null && folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

function none({ args }: SpawnLine): ExpectedContainer {
  return { guarded: null, args, end: () => Promise.resolve(true) };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No server has run a container.
    return [];
  }
}
