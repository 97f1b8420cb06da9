/** Both ends of the hop in one process: sessions that are asked for at one end and held at the other. */

import { duplexPair } from 'node:stream';
import type { OpenSession } from '../../../src/session/contract.ts';
import { createFarEnd } from '../../../src/session/isolated/far/far-end.ts';
import { connectionOver } from '../../../src/session/isolated/lines.ts';
import { createNearEnd } from '../../../src/session/isolated/near/near-end.ts';

export function throughTheHop(open: OpenSession): OpenSession {
  const [nearSide, farSide] = duplexPair();
  const refuse = (error: unknown) => {
    throw error;
  };
  const far = createFarEnd(open);
  const farConnection = connectionOver(farSide, refuse);
  far.serve(farConnection);
  farConnection.listen();
  const near = createNearEnd(() => null);
  const connection = connectionOver(nearSide, refuse);
  near.attach(connection, []);
  connection.listen();
  return near.open;
}
