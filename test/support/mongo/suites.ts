/** Suites that run against every kind of server with MongoDB's protocol that is here. */

import { afterAll, beforeAll, describe } from 'vitest';
import { lackOf, type MongoKind, type MongoServer, mongoKinds } from './servers.ts';

export interface MongoSuite {
  readonly kind: MongoKind;
  /** Called within a test. */
  readonly server: () => MongoServer;
}

/** Describes `situation` once for each kind; those that cannot be started are skipped, and their titles say why. */
export function describeWithMongo(situation: string, suite: (mongo: MongoSuite) => void): void {
  for (const kind of mongoKinds()) describeWith(kind, situation, suite);
}

/** The same for one that survives its own end: where it is of no matter which one it is. */
export function describeWithDurableMongo(situation: string, suite: (mongo: MongoSuite) => void): void {
  const kind = mongoKinds().find(({ isDurable }) => isDurable);
  if (kind !== undefined) describeWith(kind, situation, suite);
}

function describeWith(kind: MongoKind, situation: string, suite: (mongo: MongoSuite) => void): void {
  describe.skipIf(kind.lack !== null)(`${situation}, with ${kind.name}${lackOf(kind)}`, () => {
    let running: MongoServer | null = null;

    beforeAll(async () => {
      running = await kind.start();
    });

    afterAll(() => running?.close());

    suite({
      kind,
      server() {
        if (running === null) throw new Error('It runs only within tests.');
        return running;
      },
    });
  });
}
