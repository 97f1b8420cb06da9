/** What is written as it is: words that were made visible, with our own colours and movements of the cursor around. */

import { styleText } from 'node:util';
import { toVisible } from '../../text/visible-text.ts';

declare const brand: unique symbol;

/** Only this file makes it, so that no other text can reach a terminal without being made visible. */
export type Drawn = string & { readonly [brand]: true };

/** Any text. */
export function shown(text: string): Drawn {
  return toVisible(text) as Drawn;
}

export type Format = Parameters<typeof styleText>[0];

/** By default Node would look at stdout and the environment itself; that was done before. */
export function painted(format: Format, text: string): Drawn {
  return styleText(format, shown(text), { validateStream: false }) as Drawn;
}

/** Our own words and escape sequences, around what was drawn already. */
export function drawn(words: TemplateStringsArray, ...values: readonly (Drawn | number)[]): Drawn {
  return String.raw({ raw: words }, ...values) as Drawn;
}

export function joined(parts: readonly Drawn[], between: ' ' | '  ' | '\n' | '' = ''): Drawn {
  return parts.join(between) as Drawn;
}

/** Whole lines. */
export function toText(lines: readonly Drawn[]): Drawn {
  return joined(lines.map((line) => drawn`${line}\n`));
}

/** A line of our own log: its words were made visible before its colours were set. */
export function fromLog(line: string): Drawn {
  return line as Drawn;
}
