/** Whether a command that could not be spawned can be now: nothing is started to find out. */

import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { type Command, programFilesOf } from './command.ts';

/** The first line of a script names its interpreter; Linux reads so much of it, in bytes. */
const firstLineBytes = 256;

/** The working folder can be entered, and one of the files that the system tries can be executed. Never rejects. */
export async function isRunnable(command: Command): Promise<boolean> {
  if (!(await isUsable(command.cwd, 'folder'))) return false;
  for (const file of programFilesOf(command)) if (await isUsable(file, 'program')) return await hasInterpreter(file);
  return false;
}

async function isUsable(path: string, what: 'folder' | 'program'): Promise<boolean> {
  try {
    const status = await stat(path);
    if (what === 'folder' ? !status.isDirectory() : !status.isFile()) return false;
    await access(path, constants.X_OK);
    return true;
  } catch {
    // Whatever the reason is, it cannot be used.
    return false;
  }
}

/** A program that is no script, or that we may not read, needs none that we could see. */
async function hasInterpreter(file: string): Promise<boolean> {
  const line = await firstLineOf(file);
  const [, interpreter = ''] = /^#![ \t]*([^ \t]+)/.exec(line) ?? [];
  return !isAbsolute(interpreter) || (await isUsable(interpreter, 'program'));
}

async function firstLineOf(file: string): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(firstLineBytes), 0, firstLineBytes, 0);
      return buffer.toString('latin1', 0, bytesRead).split('\n', 1)[0] ?? '';
    } finally {
      await handle.close();
    }
  } catch {
    // The system may execute what we may not read.
    return '';
  }
}
