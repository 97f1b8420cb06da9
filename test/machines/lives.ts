/** Random lives of processes, most of them long enough to get somewhere. */

import * as fc from 'fast-check';
import type { Life } from '../support/charts/fake-system.ts';

export const often = <Value>(usual: Value, ...rare: Value[]) =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(usual, ...rare) });
export const ms = (max: number) => fc.integer({ min: 0, max });

export const life: fc.Arbitrary<Life> = fc.record({
  spawn: often<Life['spawn']>('ok', 'EAGAIN', 'ENOENT', 'never'),
  spawnMs: ms(300),
  handshake: often<Life['handshake']>(
    'ok',
    'never',
    'handshakeFailed',
    'unauthorized',
    'unreachable',
    'misconfigured',
    'exits',
  ),
  handshakeMs: ms(5_000),
  lists: often<Life['lists']>('ok', 'never'),
  listMs: ms(500),
  fate: fc.constantFrom<Life['fate']>(
    'serves',
    'exits',
    'exits with 0',
    'exits with 78',
    'is killed',
    'hangs',
    'hangs',
    'pauses',
    'disconnects',
    'loses its session',
  ),
  fateMs: fc.oneof(ms(2_000), ms(200_000)),
  pauseMs: ms(19_900),
  talkMs: fc.constantFrom(0, 0, 700, 20_000),
  pingMs: ms(4_000),
  inFlight: fc.constantFrom(0, 0, 1),
  callForMs: fc.constantFrom(1_000, 30_000, 300_000),
  usedCpu: fc.boolean(),
  lagAfterMs: ms(60_000),
  lagForMs: fc.constantFrom(0, 0, 0, 4_000, 30_000),
  deafTo: often<Life['deafTo']>('nothing', 'EOF', 'TERM', 'KILL'),
  dyingMs: ms(900),
  lingerMs: ms(4_000),
});

/** A life that starts, serves and stops as it should. */
export const goodLife: Life = {
  spawn: 'ok',
  spawnMs: 10,
  handshake: 'ok',
  handshakeMs: 10,
  lists: 'ok',
  listMs: 10,
  fate: 'serves',
  fateMs: 0,
  pauseMs: 0,
  talkMs: 0,
  pingMs: 10,
  inFlight: 0,
  callForMs: 0,
  usedCpu: false,
  lagAfterMs: 0,
  lagForMs: 0,
  deafTo: 'nothing',
  dyingMs: 10,
  lingerMs: 10,
};
