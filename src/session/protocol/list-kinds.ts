/** The four lists that a server may have. */

import type { ListName } from '../contract.ts';

export interface ListKind {
  readonly list: ListName;
  readonly method: string;
  /** The capability that announces it. */
  readonly capability: string;
  /** The field that identifies an item. */
  readonly key: 'name' | 'uri' | 'uriTemplate';
  /** The notification that says it changed. */
  readonly changed: string;
}

export const listKinds: readonly ListKind[] = [
  {
    list: 'tools',
    method: 'tools/list',
    capability: 'tools',
    key: 'name',
    changed: 'notifications/tools/list_changed',
  },
  {
    list: 'resources',
    method: 'resources/list',
    capability: 'resources',
    key: 'uri',
    changed: 'notifications/resources/list_changed',
  },
  {
    list: 'resourceTemplates',
    method: 'resources/templates/list',
    capability: 'resources',
    key: 'uriTemplate',
    changed: 'notifications/resources/list_changed',
  },
  {
    list: 'prompts',
    method: 'prompts/list',
    capability: 'prompts',
    key: 'name',
    changed: 'notifications/prompts/list_changed',
  },
];
