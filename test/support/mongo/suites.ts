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
  for (const kind of mongoKinds()) {
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
}
