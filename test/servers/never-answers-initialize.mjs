/** Listens and says nothing to `initialize`. */

import { speak } from './speak.mjs';

speak({ methods: { initialize: () => undefined } });
