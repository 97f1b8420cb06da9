/** Answers so many tool calls, then exits in the middle of the next. Arguments: calls (3), exit code (1). */

import { speak } from './speak.mjs';

const [callsLeft = 3, exitCode = 1] = process.argv.slice(2).map(Number);
let left = callsLeft;

speak({
  onMessage({ method }) {
    if (method !== 'tools/call') return undefined;
    left -= 1;
    if (left >= 0) return undefined;
    // The answers before this one are still on their way out.
    setImmediate(() => process.exit(exitCode));
    return 'ignore';
  },
});
