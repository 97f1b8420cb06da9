/** Its tool answers with 20 MiB on one line. */

import { speak } from './speak.mjs';

speak({ tools: { large: { call: () => 'x'.repeat(20 * 1024 * 1024) } } });
