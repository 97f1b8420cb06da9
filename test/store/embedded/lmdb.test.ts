import { openEmbedded } from '../../../src/store/embedded/open.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { describeStore } from '../contract.ts';

describeStore({
  name: 'lmdb:',
  isDurable: true,
  isShared: true,
  createPlace: () => {
    const folder = createScratchFolder();
    return { open: (options) => openEmbedded('lmdb', folder, { now: Date.now, ...options }) };
  },
});
