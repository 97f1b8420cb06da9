/**
 * `grow` adds a tool and tells so five times in a row; `fidget` tells so without a change; after `break` listing is
 * answered with an error.
 */

import { speak } from './speak.mjs';

const inputSchema = { type: 'object' };
const names = ['grow', 'fidget', 'listings', 'break'];
let listings = 0;
let broken = false;

const grow = () => {
  names.push(`grown-${names.length}`);
  return changed(5);
};

const breakDown = () => {
  broken = true;
  return changed(1);
};

const changed = (times) => {
  for (let time = 0; time < times; time += 1) notify('notifications/tools/list_changed');
  return 'told';
};

const { notify } = speak({
  capabilities: { tools: { listChanged: true } },
  tools: {
    grow: { call: grow },
    fidget: { call: () => changed(1) },
    break: { call: breakDown },
    listings: { call: () => String(listings) },
  },
  methods: {
    'tools/list': () => {
      listings += 1;
      if (broken) throw { code: -32603, message: 'broken' };
      return { tools: names.map((name) => ({ name, inputSchema })) };
    },
  },
});
