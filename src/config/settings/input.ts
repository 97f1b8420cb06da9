/** What may be written in a configuration, as types for programs that make one. */

import type * as z from 'zod';
import type { Kept } from '../editing/kept.ts';
import type { MergePatch } from '../editing/merge-patch.ts';
import type { entrySchema, globalsSchema } from './schema.ts';

type Given<Value> = Value extends readonly (infer Item)[]
  ? readonly Given<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Given<Value[Key]> }
    : Value;

/** What is as one reads it: values that are not shown stand as `Kept`. Written, that keeps the value that is there. */
type Hidden = {
  readonly env?: { readonly [name: string]: string | Kept } | undefined;
  readonly headers?: { readonly [name: string]: string | Kept } | undefined;
};

type OwnEntry = Omit<Given<z.input<typeof entrySchema>>, keyof Hidden> & Hidden;

/** An entry that a transport of the host serves; keys that mcpvisor does not know are passed to that. */
export type HostedEntry = Omit<OwnEntry, 'command' | 'url' | 'transport'> & {
  readonly transport: string;
  readonly command?: never;
  readonly url?: never;
  readonly [key: string]: unknown;
};

/** An entry of `mcpServers`. */
export type ServerEntry = OwnEntry | HostedEntry;

/** Changes to an entry, as a JSON Merge Patch (RFC 7386): null takes a setting away. */
export type ServerPatch = MergePatch<OwnEntry> & { readonly [key: string]: unknown };

/** The content of an `mcp.json`. */
export type ConfigurationInput = {
  readonly $schema?: string;
  readonly mcpServers?: { readonly [name: string]: ServerEntry };
  readonly mcpvisor?: Omit<Given<z.input<typeof globalsSchema>>, 'secrets'> & {
    readonly secrets?: { readonly [name: string]: string | Kept } | undefined;
  };
};
