/** Which facts are kept as rows of numbers and words, and put together only when somebody reads them. */

import type { FactBody, FactFields, FactType } from '../fact.ts';

type Kind = 'number' | 'word';

/** Those that come with every call and every probe. A word may be null. */
const kindsByType = {
  'call.started': { callId: 'number', method: 'word', tool: 'word' },
  'call.settled': { callId: 'number', method: 'word', tool: 'word', outcome: 'word', durationMs: 'number' },
  'probe.sent': { kind: 'word' },
  'probe.answered': { kind: 'word', latencyMs: 'number' },
} as const satisfies { readonly [Type in FactType]?: Readonly<Record<keyof FactFields[Type], Kind>> };

type Kinds = typeof kindsByType;
type PackedType = keyof Kinds;
type NameOf<Wanted extends Kind> = {
  [Type in PackedType]: {
    [Name in keyof Kinds[Type]]: Kinds[Type][Name] extends Wanted ? Name : never;
  }[keyof Kinds[Type]];
}[PackedType];

/** Each type has some of them. */
export type PackedFields = { readonly [Name in NameOf<'number'>]?: number } & {
  readonly [Name in NameOf<'word'>]?: string | null;
};

export interface Packing {
  readonly numbers: readonly NameOf<'number'>[];
  readonly words: readonly NameOf<'word'>[];
  /** All of them, in the order in which a fact has them. */
  readonly fields: readonly (readonly [name: keyof PackedFields, kind: Kind])[];
}

const packings: ReadonlyMap<FactType, Packing> = new Map(
  Object.entries(kindsByType).map(([type, kinds]) => {
    const fields = Object.entries(kinds) as Packing['fields'];
    const namesOf = (wanted: Kind) => fields.flatMap(([name, kind]) => (kind === wanted ? [name] : []));
    const packing = { numbers: namesOf('number'), words: namesOf('word'), fields } as Packing;
    return [type as PackedType, packing];
  }),
);

/** Null: facts of this type are kept as they are. */
export function packingOf(type: FactType): Packing | null {
  return packings.get(type) ?? null;
}

/** Of a fact whose type has a packing: the table above is checked against its type. */
export function fieldsOf(body: FactBody): PackedFields {
  return body as Extract<FactBody, { readonly type: PackedType }>;
}
