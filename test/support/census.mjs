/**
 * Counts, from outside and without a pause, the living processes with each mark in their arguments. `MARKS=a,b node
 * census.mjs` Says `counting` after its first look; when its stdin ends it says the highest count of each mark, and
 * how often it looked, as JSON.
 */

import { readdirSync, readFileSync } from 'node:fs';

const marks = (process.env.MARKS ?? '').split(',');
const most = Object.fromEntries(marks.map((mark) => [mark, 0]));
let looks = 0;
let over = false;

function read(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    // Gone, before or while it was read.
    return '';
  }
}

function isAlive(pid) {
  const stat = read(pid, 'stat');
  const state = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0];
  return state !== '' && state !== 'Z' && state !== 'X';
}

function look() {
  looks += 1;
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  const lines = pids.map((pid) => [pid, read(pid, 'cmdline')]);
  for (const mark of marks) {
    const candidates = lines.filter(([, line]) => line.includes(mark));
    // Of two that were seen one may be gone already: they count if both still live after both were seen.
    most[mark] = Math.max(most[mark], candidates.filter(([pid]) => isAlive(pid)).length);
  }
  if (over) process.stdout.write(`${JSON.stringify({ most, looks })}\n`);
  else setImmediate(look);
}

process.stdin.on('end', () => {
  over = true;
});
process.stdin.resume();
look();
process.stdout.write('counting\n');
