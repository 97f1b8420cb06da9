/** Writes a configuration file: whatever happens meanwhile, it is either the old text or the new one, all of it. */

import { constants } from 'node:fs';
import { access, type FileHandle, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { McpvisorError, toLine } from '../../errors.ts';
import { isThere } from '../../files/own-file.ts';
import { systemCodeOf } from '../../system-error.ts';
import { readJsonc } from './jsonc.ts';
import { decodeText, encodeLike } from './text-encoding.ts';
import { descriptorIn, maxConfigBytes, reasonOf } from './text-file.ts';

export interface Replacement {
  /** The text that was last read from the file: another one there is somebody's edit. Null: there was no file. */
  readonly known: string | null;
  readonly text: string;
  /**
   * Called once the new text is on the disk beside the file; the answer no leaves the file as it is. Default: yes.
   */
  readonly confirm?: () => Promise<boolean>;
}

/**
 * Puts `text` into the file, or into what its links lead to, in the encoding and with the mode that it has, and the
 * owner where that is allowed. Resolves when it is on disk, to whether that was confirmed. A file that was not there gets
 * mode 0600. Throws `CONFIG_READ_ONLY` with the reason, and what `confirm` throws; then the file is as it was. Callers see
 * to it that there is one at a time.
 */
export async function replaceConfigFile(
  file: string,
  { known, text, confirm = async () => true }: Replacement,
): Promise<boolean> {
  const path = resolve(file);
  try {
    if (descriptorIn(path) !== null) throw new Refusal('it was given as an open file, which has no name');
    const target = await targetOf(path);
    return known === null ? await create(target, text, confirm) : await replace(target, { known, text, confirm });
  } catch (cause) {
    throw new McpvisorError('CONFIG_READ_ONLY', { file: path, reason: reasonIn(cause) }, { cause });
  }
}

/** Why a file is not written, in words. */
class Refusal extends Error {}

/** What a volume of Kubernetes leads its files through; they are put there by it alone. */
const volumeLink = '..data';
const mostLinks = 40;

/** Where the links lead. */
async function targetOf(path: string): Promise<string> {
  let hop = path;
  for (let links = 0; links < mostLinks; links += 1) {
    if (hop.split('/').includes(volumeLink))
      throw new Refusal('it is in a volume of Kubernetes (a ConfigMap or Secret), which is only changed there');
    // Not a link, or one that nobody can read: then what follows fails, and says why.
    const link = await readlink(hop).catch(() => null);
    if (link === null) break;
    hop = resolve(dirname(hop), link);
  }
  const folder = await realpath(dirname(hop));
  return join(folder, basename(hop));
}

type Confirm = () => Promise<boolean>;

async function create(path: string, text: string, confirm: Confirm): Promise<boolean> {
  if (await isThere(path)) throw new Refusal('it was not there, and now it is');
  return await put(path, Buffer.from(text), { mode: 0o600, owner: null, confirm, isStill: async () => true });
}

interface Known extends Required<Replacement> {
  readonly known: string;
}

async function replace(path: string, { known, text, confirm }: Known): Promise<boolean> {
  const before = await stat(path, { bigint: true });
  if (!before.isFile()) throw new Refusal('it is not a regular file');
  const mode = Number(before.mode & 0o777n);
  if ((mode & 0o222) === 0) throw new Refusal('it is read-only');
  await access(path, constants.W_OK);
  if (before.size > maxConfigBytes) throw new Refusal(`it is larger than ${maxConfigBytes} bytes`);
  const bytes = await readFile(path);
  const found = textIn(bytes);
  if (found !== known) throw new Refusal(otherText(found));
  const isStill = async () => {
    const now = await stat(path, { bigint: true });
    return (['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const).every((key) => now[key] === before[key]);
  };
  return await put(path, encodeLike(bytes, text), {
    mode,
    confirm,
    owner: { user: Number(before.uid), group: Number(before.gid) },
    isStill,
  });
}

interface Put {
  readonly mode: number;
  /** Null: ours. */
  readonly owner: { readonly user: number; readonly group: number } | null;
  readonly confirm: Confirm;
  /** Whether nobody has written the file meanwhile. */
  readonly isStill: () => Promise<boolean>;
}

async function put(path: string, bytes: Buffer, { mode, owner, confirm, isStill }: Put): Promise<boolean> {
  const folder = dirname(path);
  // A folder that is read-only stops everybody but root, and is meant for root, too.
  if (((await stat(folder)).mode & 0o222) === 0) throw new Refusal('its folder is read-only');
  const draft = join(folder, `.${basename(path)}.mcpvisor.tmp`);
  // One of these is left where this was killed.
  await rm(draft, { force: true });
  try {
    const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
    await withFile(await open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600), async (handle) => {
      await handle.writeFile(bytes);
      await inherit(handle, { mode, owner });
      await handle.sync();
    });
    if (!(await isStill())) throw new Refusal(editedNow);
    if (!(await confirm())) {
      await rm(draft, { force: true });
      return false;
    }
    if (!(await isStill())) throw new Refusal(editedNow);
    await rename(draft, path);
  } catch (error) {
    // The first error is the one to tell.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await withFile(await open(folder, constants.O_RDONLY), (handle) => handle.sync());
  return true;
}

async function inherit(handle: FileHandle, { mode, owner }: Pick<Put, 'mode' | 'owner'>): Promise<void> {
  const { uid, gid } = await handle.stat();
  if (owner !== null && (owner.user !== uid || owner.group !== gid)) {
    // Only root may give a file away: whose file it was may not be ours to keep.
    await handle.chown(owner.user, owner.group).catch(() => undefined);
  }
  await handle.chmod(mode);
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

function textIn(bytes: Buffer): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    throw new Refusal(`what it holds now is not in force: ${reasonOf(error)}`);
  }
}

const editedNow = 'it was edited a moment ago, and that edit is not in force yet; try again';

/** Why the text that is there is not the one that was read. */
function otherText(text: string): string {
  const [problem] = readJsonc(text).problems;
  return problem === undefined ? editedNow : `what it says now is not in force: ${toLine(problem)}`;
}

const refusals: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user may not write it, or not in its folder'],
  ['EBUSY', 'it is mounted on its own, and cannot be replaced'],
  ['EDQUOT', 'the disk space of this user is used up'],
  ['ENOENT', 'it is not there any more'],
  ['ENOSPC', 'its disk is full'],
  ['EPERM', 'this user may not replace it'],
  ['EROFS', 'its file system is read-only'],
]);

/** Throws what is no reason. */
function reasonIn(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  const code = systemCodeOf(error);
  if (code === null) throw error;
  const words = refusals.get(code);
  return words === undefined ? `it cannot be written (${code})` : `${words} (${code})`;
}
