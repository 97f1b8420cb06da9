import { describeWithMongo } from '../../support/mongo/suites.ts';
import { describeStore } from '../contract.ts';
import { createDatabase, openIn } from './place.ts';

describeWithMongo('the contract of stores', ({ kind, server }) => {
  describeStore({
    name: 'mongodb:',
    isDurable: true,
    isShared: true,
    isSlow: kind.name === 'ferretdb',
    createPlace: () => {
      const address = createDatabase(server().url);
      return { open: async (options) => openIn(address, options) };
    },
  });
});
