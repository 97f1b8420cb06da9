import { openEmbedded } from '../../../src/store/embedded/open.ts';
import { createScratchFolder } from '../../support/scratch-folder.ts';
import { describeStore } from '../contract.ts';

describeStore({
  name: 'level:',
  isDurable: true,
  isShared: false,
  createPlace: () => {
    const folder = createScratchFolder();
    return { open: (options) => openEmbedded('level', folder, { now: Date.now, ...options }) };
  },
});
