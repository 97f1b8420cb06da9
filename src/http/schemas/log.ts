/** Lines that servers wrote. */

import * as z from 'zod';
import { named, time } from './names.ts';

export const logLine = named('LogLine', z.strictObject({ at: time, stream: z.string(), text: z.string() }));
export const logLines = named('LogLines', z.strictObject({ lines: z.array(logLine) }));
