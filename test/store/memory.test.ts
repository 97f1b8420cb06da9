import { createMemoryStore } from '../../src/store/memory.ts';
import { describeStore } from './contract.ts';

describeStore({
  name: 'memory:',
  isDurable: false,
  isShared: false,
  createPlace: () => ({ open: async (options) => createMemoryStore({ now: Date.now, ...options }) }),
});
