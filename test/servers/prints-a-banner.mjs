/** Greets people on stdout before it speaks. */

import { speak } from './speak.mjs';

process.stdout.write('\n  Welcome to Banner Server 1.0!\r\n  Listening on stdio …\n\n');
speak();
