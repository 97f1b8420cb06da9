/** Takes its time before it begins to read. Arguments: milliseconds (1 000). */

import { speak } from './speak.mjs';

setTimeout(speak, Number(process.argv[2] ?? 1_000));
