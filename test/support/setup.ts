/** What every test file begins with. */

import { aroundEach } from 'vitest';
import { cleaning } from './finishing.ts';
import './no-listener-warnings.ts';

aroundEach((run, context) => cleaning.run(context, run));
