/**
 * Ignores the end of its stdin; at SIGTERM it hands its stdout to a child out of reach, which holds it open for half a
 * second, so that its end is noticed late.
 */

import { spawn } from 'node:child_process';
import { speak } from './speak.mjs';

process.on('SIGTERM', () => spawn('/bin/sleep', ['0.5'], { detached: true, stdio: ['ignore', 'inherit', 'inherit'] }));
setInterval(() => {}, 60_000);
speak({ onEnd: () => {} });
