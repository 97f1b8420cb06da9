/** What may be written in a configuration, as types for programs that make one. */

import type * as z from 'zod';
import type { entrySchema, globalsSchema } from './schema.ts';

type Given<Value> = Value extends readonly (infer Item)[]
  ? readonly Given<Item>[]
  : Value extends object
    ? { readonly [Key in keyof Value]: Given<Value[Key]> }
    : Value;

/** An entry that a transport of the host serves; keys that mcpvisor does not know are passed to that. */
export type HostedEntry = Omit<Given<z.input<typeof entrySchema>>, 'command' | 'url' | 'transport'> & {
  readonly transport: string;
  readonly command?: never;
  readonly url?: never;
  readonly [key: string]: unknown;
};

/** An entry of `mcpServers`. */
export type ServerEntry = Given<z.input<typeof entrySchema>> | HostedEntry;

/** The content of an `mcp.json`. */
export type ConfigurationInput = {
  readonly $schema?: string;
  readonly mcpServers?: { readonly [name: string]: ServerEntry };
  readonly mcpvisor?: Given<z.input<typeof globalsSchema>>;
};
