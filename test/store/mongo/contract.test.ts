import { describeWithMongo } from '../../support/mongo/suites.ts';
import { describeStore } from '../contract.ts';
import { createDatabase, openIn } from './place.ts';

/** An imitation on a busy machine may need longer than anybody would wait for MongoDB. */
const patienceMs = 30_000;

describeWithMongo('the contract of stores', ({ kind, server }) => {
  describeStore({
    name: 'mongodb:',
    isDurable: true,
    isShared: true,
    isSlow: kind.name === 'ferretdb',
    createPlace: () => {
      const address = createDatabase(server().url);
      return { open: async (options) => openIn(address, { boundMs: patienceMs, ...options }) };
    },
  });
});
