/** Random fates of client processes, most of them of use for a while. */

import * as fc from 'fast-check';
import type { ClientFate } from '../support/charts/fake-client-process.ts';
import { ms, often } from './lives.ts';

export const clientFate: fc.Arbitrary<ClientFate> = fc.record({
  finds: often<ClientFate['finds']>('none', 'ours', 'outdated', 'ending', 'refused', 'silence'),
  probeMs: ms(200),
  fork: often<ClientFate['fork']>('ok', 'never', 'fails'),
  handshake: often<ClientFate['handshake']>('ok', 'never', 'exits', 'disconnects'),
  answerMs: ms(5_000),
  fate: fc.constantFrom<ClientFate['fate']>(
    'serves',
    'exits',
    'exits',
    'hangs',
    'disconnects',
    'disconnects again and again',
  ),
  fateMs: fc.oneof(ms(2_000), ms(100_000)),
  drainMs: often<number | null>(50, 20_000, null),
  endMs: often<number | null>(50, 6_000, null),
  clearMs: often<number | null>(50, 5_000, null),
  blames: often(false, true),
});
