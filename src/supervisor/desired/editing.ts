/** The edits that the library and the API offer, each as a change of the sources. */

import type { Configuration } from '../../config/configuration.ts';
import { shownDocument, shownEntry } from '../../config/editing/kept.ts';
import { type Plan, planOf } from '../../config/plan/plan.ts';
import type { ConfigurationStore } from '../../store/contract.ts';
import type { AddedAll, AddedOne, Edited, EditOptions } from '../contract/configuration.ts';
import type { ConfigurationFile } from './configuration-file.ts';
import {
  entryIn,
  withAdded,
  withApplied,
  withRemoved,
  withReplaced,
  withStoredReplaced,
  withUpdated,
} from './sources/edits.ts';
import { withFragment } from './sources/fragment.ts';
import { rolledBack } from './sources/rollback.ts';
import type { Entry, SourceName, Sources } from './sources/sources.ts';
import type { Edits } from './versions/edits.ts';
import { changesAfter } from './versions/undone.ts';

export interface Editing {
  add(name: string, entry: Entry, options?: EditOptions): Promise<Edited>;
  addAll(fragment: unknown, options?: EditOptions): Promise<AddedAll>;
  replace(name: string, entry: Entry, options?: EditOptions): Promise<Edited>;
  update(name: string, patch: Entry, options?: EditOptions): Promise<Edited>;
  remove(names: string | readonly string[], options?: EditOptions): Promise<Edited>;
  apply(config: Entry, options?: EditOptions): Promise<Edited>;
  rollback(version: number, options?: Omit<EditOptions, 'to'>): Promise<Edited>;
  /** What `apply` would do. Changes nothing. */
  plan(config: Entry, options?: Pick<EditOptions, 'to'>): Plan;
  /** The configuration in force as it was written, without its secrets. */
  config(): Entry;
  /** The same of one server. Throws `SERVER_NOT_FOUND`. */
  entry(name: string): Entry;
}

export interface EditingOptions {
  readonly edits: Pick<Edits, 'edit'>;
  readonly store: ConfigurationStore;
  readonly file: Pick<ConfigurationFile, 'requireInForce'>;
  readonly sources: () => Sources;
  /** The configuration at the start, when some settings are read once. */
  readonly started: Configuration;
}

export function createEditing({ edits, store, file, sources, started }: EditingOptions): Editing {
  const whole = (now: Sources, config: Entry, to: SourceName): Sources =>
    to === 'host' ? withApplied(now, config) : withStoredReplaced(now, config);

  return {
    add: (name, entry, options = {}) =>
      edits.edit(options, { compute: (now) => withAdded(now, name, { entry, to: destination(options) }) }),
    async addAll(fragment, options = {}) {
      let results: readonly AddedOne[] = [];
      const { version, ...plan } = await edits.edit(options, {
        compute(now) {
          const added = withFragment(now, fragment, destination(options));
          results = added.results;
          return added.sources;
        },
      });
      return { version, plan, results };
    },
    replace: (name, entry, options = {}) =>
      edits.edit(options, { compute: (now) => withReplaced(now, name, { entry, to: options.to ?? 'host' }) }),
    update: (name, patch, options = {}) =>
      edits.edit(options, { compute: (now) => withUpdated(now, name, { patch, to: options.to ?? 'host' }) }),
    remove(names, options = {}) {
      const all = typeof names === 'string' ? [names] : names;
      return edits.edit(options, { compute: (now) => withRemoved(now, all, options.to ?? 'host') });
    },
    apply: (config, options = {}) =>
      edits.edit(options, { compute: (now) => whole(now, config, destination(options)) }),
    rollback: (version, options = {}) =>
      edits.edit(options, {
        compute: async (now, newest) => rolledBack(now, await changesAfter(store, version, newest)),
        summary: (words) => `rolled back to version ${version}: ${words}`,
      }),
    plan: (config, { to = 'host' } = {}) =>
      planOf(sources().configuration, whole(sources(), config, to).configuration, started),
    config: () => shownDocument(sources().configuration.source),
    entry: (name) => shownEntry(entryIn(sources(), name)),
  };

  /** Which names the file has must be known, or one of them might be added beside it. */
  function destination({ to = 'host' }: EditOptions): SourceName {
    if (to !== 'host') file.requireInForce();
    return to;
  }
}
