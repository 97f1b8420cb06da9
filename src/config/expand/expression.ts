/**
 * The syntax of `${…}`: `${NAME}`, `${NAME:-default}`, `${env:NAME}`, `${env:NAME:-default}`, `${file:PATH}`,
 * `${secret:NAME}`. A default may contain further expressions; `$${` is a literal `${`. Anything else between the
 * braces is a mistake.
 */

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  /** `fallback` is used if the variable is not set or empty; null: there is none. */
  | { readonly kind: 'variable'; readonly name: string; readonly fallback: readonly Piece[] | null }
  | { readonly kind: 'file'; readonly path: readonly Piece[] }
  | { readonly kind: 'secret'; readonly name: string }
  | { readonly kind: 'mistake'; readonly message: string; readonly hint: string };

const variable = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([\s\S]*))?$/;

const secretName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether `${secret:NAME}` can be written with it. */
export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Whether `text` has anything to expand or unescape. */
export function hasExpression(text: string): boolean {
  return text.includes('${');
}

/** Each level of defaults within defaults is searched once more: without a limit a text could take for ever. */
const mostLevels = 16;

export function parseExpressions(text: string, levels = mostLevels): readonly Piece[] {
  if (levels === 0 && hasExpression(text)) return [tooDeep];
  const pieces: Piece[] = [];
  let literal = '';
  let at = 0;
  const flush = () => {
    if (literal !== '') pieces.push({ kind: 'text', text: literal });
    literal = '';
  };
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      literal += '${';
      at += 3;
    } else if (text.startsWith('${', at)) {
      flush();
      const end = closingBrace(text, at + 2);
      pieces.push(end === null ? unclosed : parseInside(text.slice(at + 2, end), levels - 1));
      at = end === null ? text.length : end + 1;
    } else {
      literal += text[at];
      at += 1;
    }
  }
  flush();
  return pieces;
}

const unclosed: Piece = { kind: 'mistake', message: 'has a ${ without its }', hint: 'write $${ for a literal ${' };

const tooDeep: Piece = {
  kind: 'mistake',
  message: `has defaults within defaults, more than ${mostLevels} levels of them`,
  hint: 'write the innermost one',
};

/** The mistakes in `text`, in any environment. */
export function mistakesIn(text: string): readonly Extract<Piece, { kind: 'mistake' }>[] {
  return allPieces(parseExpressions(text)).filter((piece) => piece.kind === 'mistake');
}

/** Names used as `${secret:NAME}`. */
export function secretsIn(text: string): readonly string[] {
  return allPieces(parseExpressions(text)).flatMap((piece) => (piece.kind === 'secret' ? [piece.name] : []));
}

/** Whether nothing but secrets would be read to expand it. */
export function usesOnlySecrets(text: string): boolean {
  return parseExpressions(text).every(({ kind }) => kind === 'text' || kind === 'secret');
}

function allPieces(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.flatMap((piece) => {
    if (piece.kind === 'variable') return [piece, ...allPieces(piece.fallback ?? [])];
    return piece.kind === 'file' ? [piece, ...allPieces(piece.path)] : [piece];
  });
}

function closingBrace(text: string, from: number): number | null {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text.startsWith('${', at)) depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return null;
}

function parseInside(inside: string, levels: number): Piece {
  if (inside.startsWith('file:') && inside.length > 'file:'.length)
    return { kind: 'file', path: parseExpressions(inside.slice('file:'.length), levels) };
  const [, secret = ''] = /^secret:(.*)$/.exec(inside) ?? [];
  if (isSecretName(secret)) return { kind: 'secret', name: secret };
  const [, name, fallback] = variable.exec(inside) ?? [];
  if (name !== undefined)
    return { kind: 'variable', name, fallback: fallback === undefined ? null : parseExpressions(fallback, levels) };
  if (inside.startsWith('input:')) {
    return {
      kind: 'mistake',
      message: 'uses ${input:…}, which needs somebody to ask',
      hint: 'write ${NAME} for an environment variable, or ${secret:NAME} with mcpvisor.secrets',
    };
  }
  return {
    kind: 'mistake',
    message: 'has a ${…} that cannot be understood',
    hint: 'known are ${NAME}, ${NAME:-default}, ${env:NAME}, ${file:PATH}, ${secret:NAME}; write $${ for a literal ${',
  };
}
