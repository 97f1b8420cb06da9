/** Lives on when its stdin ends; SIGTERM ends it. */

import { speak } from './speak.mjs';

setInterval(() => {}, 60_000);
speak({ onEnd: () => {} });
