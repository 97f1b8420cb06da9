/**
 * Kills the nearest of the processes above it that has a word in its command line, before it answers anything. Without
 * such a process it is well-behaved. Arguments: the word.
 */

import { readFileSync } from 'node:fs';
import { speak } from './speak.mjs';

const [, , word] = process.argv;

function holderAbove(pid) {
  if (pid <= 1) return null;
  return commandLineOf(pid).includes(word) ? pid : holderAbove(parentOf(pid));
}

function commandLineOf(pid) {
  // The launcher's own arguments have the word, too.
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 2).join(' ');
}

function parentOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

const holder = holderAbove(process.ppid);
if (holder !== null) process.kill(holder, 'SIGKILL');
speak();
