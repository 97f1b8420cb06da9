/**
 * Mutants of the decisions beside the charts, by their text. All of a file's mutants are written into one source,
 * each behind a question (`isMutant`), so that it is loaded once. An id names what is changed, and stays when the
 * lines around it move:
 *
 *     policy/restart.ts: countFailure | counters.unreachable + 1 → counters.unreachable - 1
 */

import ts from 'typescript';

/** Files of `machines`; the charts themselves are mutated by their configuration. */
export const mutatedSources: readonly string[] = [
  'policy/restart.ts',
  'policy/patience.ts',
  'server/settlement.ts',
  'supervisor/start-slots.ts',
  'failure.ts',
  'server/life.ts',
  'server/plan.ts',
  'server/clearance.ts',
  'server/meaning.ts',
  'server/alarms.ts',
  'order.ts',
  'holding/holding.ts',
  'holding/deaths.ts',
  'members.ts',
  'server/standing.ts',
  'group/rounds.ts',
  'group/alarms.ts',
  'supervisor/relations.ts',
  'server/session-actions.ts',
  'server/start-actions.ts',
  'server/setup.ts',
  'server/looking.ts',
  'server/heartbeat.ts',
  'server/commands.ts',
  'server/reports.ts',
  'group/holding.ts',
  'group/round-actions.ts',
  'supervisor/apply.ts',
  'supervisor/client-actions.ts',
  'supervisor/setup.ts',
  'supervisor/deaths.ts',
  'supervisor/leaving.ts',
  'supervisor/messages.ts',
  'client-process/life.ts',
  'client-process/setup.ts',
  'client-process/alarms.ts',
];

export interface MutatedSource {
  readonly code: string;
  readonly ids: readonly string[];
}

interface Change {
  readonly text: string;
  readonly label: string;
}

const { SyntaxKind } = ts;

const operators: Partial<Record<ts.SyntaxKind, string>> = {
  [SyntaxKind.LessThanToken]: '<=',
  [SyntaxKind.LessThanEqualsToken]: '<',
  [SyntaxKind.GreaterThanToken]: '>=',
  [SyntaxKind.GreaterThanEqualsToken]: '>',
  [SyntaxKind.EqualsEqualsEqualsToken]: '!==',
  [SyntaxKind.ExclamationEqualsEqualsToken]: '===',
  [SyntaxKind.AmpersandAmpersandToken]: '||',
  [SyntaxKind.BarBarToken]: '&&',
  [SyntaxKind.PlusToken]: '-',
  [SyntaxKind.MinusToken]: '+',
  [SyntaxKind.AsteriskToken]: '/',
  [SyntaxKind.SlashToken]: '*',
  [SyntaxKind.PlusEqualsToken]: '-=',
  [SyntaxKind.MinusEqualsToken]: '+=',
};

/**
 * The manifest of a chart names things, and its configuration is mutated elsewhere; what they say in functions is as
 * good as any other code.
 */
const declarations: ReadonlySet<string> = new Set(['setup', 'extend', 'createMachine']);

export function mutateSource(name: string, text: string): MutatedSource {
  const source = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const ids: string[] = [];
  const taken = new Map<string, number>();

  const idOf = (node: ts.Node, label: string): string => {
    const id = `${name}: ${placeOf(node)} | ${label}`;
    const count = (taken.get(id) ?? 0) + 1;
    taken.set(id, count);
    ids.push(count === 1 ? id : `${id} #${count}`);
    return JSON.stringify(ids.at(-1));
  };

  const print = (node: ts.Node): string => {
    if (
      ts.isTypeNode(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isImportDeclaration(node)
    )
      return node.getText();
    let [printed, at] = ['', node.getStart()];
    ts.forEachChild(node, (child) => {
      printed += text.slice(at, child.getStart()) + print(child);
      at = child.getEnd();
    });
    printed += text.slice(at, node.getEnd());
    if (isDroppable(node))
      return `{ if (!__isMutant(${idOf(node, `without ${short(node.getText())}`)})) { ${printed} } }`;
    return changesOf(node).reduceRight(
      (rest, { text: mutated, label }) => `(__isMutant(${idOf(node, label)}) ? (${mutated}) : ${rest})`,
      printed,
    );
  };
  const code = print(source);
  return { code, ids };
}

function changesOf(node: ts.Node): readonly Change[] {
  const swap = (text: string): Change => ({ text, label: `${short(node.getText())} → ${short(text)}` });
  const found: Change[] = [];
  if (ts.isBinaryExpression(node)) {
    const operator = operators[node.operatorToken.kind];
    if (operator !== undefined && !isText(node)) found.push(swap(replaced(node, node.operatorToken, operator)));
  }
  if (node.kind === SyntaxKind.TrueKeyword) found.push(swap('false'));
  if (node.kind === SyntaxKind.FalseKeyword) found.push(swap('true'));
  if (ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken)
    found.push(swap(node.operand.getText()));
  if (ts.isNumericLiteral(node) && !isStep(node)) {
    const value = Number(node.text.replaceAll('_', ''));
    found.push(swap(String(value + 1)));
    if (value > 1) found.push(swap(String(value - 1)));
  }
  if (isCondition(node)) found.push(swap(`!(${node.getText()})`));
  if (ts.isObjectLiteralExpression(node) && !isDeclaration(node)) {
    for (const property of node.properties)
      found.push({ text: lacking(node, property), label: `{…} without ${short(property.getText())}` });
  }
  if (ts.isArrayLiteralExpression(node)) {
    for (const element of node.elements.filter(ts.isSpreadElement)) {
      found.push({
        text: lacking(node, element),
        label: `${short(node.getText())} without ${short(element.getText())}`,
      });
    }
  }
  return found;
}

function replaced(node: ts.Node, child: ts.Node, by: string): string {
  const from = node.getStart();
  return node.getText().slice(0, child.getStart() - from) + by + node.getText().slice(child.getEnd() - from);
}

function lacking(node: ts.ObjectLiteralExpression | ts.ArrayLiteralExpression, part: ts.Node): string {
  const parts: readonly ts.Node[] = ts.isObjectLiteralExpression(node) ? node.properties : node.elements;
  const text = parts.filter((one) => one !== part).map((one) => one.getText());
  return ts.isObjectLiteralExpression(node) ? `{ ${text.join(', ')} }` : `[${text.join(', ')}]`;
}

/** A statement that only does something. */
function isDroppable(node: ts.Node): boolean {
  return ts.isExpressionStatement(node);
}

/** What decides a branch; a comparison or a negation is turned already. */
function isCondition(node: ts.Node): boolean {
  const { parent } = node;
  const decides =
    parent !== undefined &&
    ((ts.isIfStatement(parent) && parent.expression === node) ||
      (ts.isConditionalExpression(parent) && parent.condition === node) ||
      ((ts.isForStatement(parent) || ts.isWhileStatement(parent)) &&
        (parent as { readonly condition?: ts.Node }).condition === node));
  if (!decides) return false;
  const isTurned = ts.isBinaryExpression(node) && /^[!=]==$/.test(node.operatorToken.getText());
  return !isTurned && !(ts.isPrefixUnaryExpression(node) && node.operator === SyntaxKind.ExclamationToken);
}

/** The number of `+ 1` and `- 1`, which are turned into each other. */
function isStep({ parent }: ts.NumericLiteral): boolean {
  return ts.isBinaryExpression(parent) && /^[-+]=?$/.test(parent.operatorToken.getText());
}

function isText(node: ts.BinaryExpression): boolean {
  return [node.left, node.right].some((side) => ts.isStringLiteralLike(side) || ts.isTemplateExpression(side));
}

/** Whether an object is the manifest or the configuration of a chart, and not within one of its functions. */
function isDeclaration(node: ts.Node): boolean {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (ts.isFunctionLike(at)) return false;
    if (ts.isCallExpression(at) && declarations.has(at.expression.getText().split('.').at(-1) ?? '')) {
      return !isActionOf(node);
    }
  }
  return false;
}

/** `assign({ removing: true })` is an action's own. */
function isActionOf({ parent }: ts.Node): boolean {
  return ts.isCallExpression(parent) && parent.expression.getText() === 'assign';
}

/** The innermost function, action or constant with a name. */
function placeOf(node: ts.Node): string {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    if (ts.isFunctionDeclaration(at)) return at.name?.text ?? '';
    if (ts.isPropertyAssignment(at) && (ts.isFunctionLike(at.initializer) || ts.isCallExpression(at.initializer)))
      return at.name.getText();
    if (ts.isVariableDeclaration(at) && ts.isSourceFile(at.parent.parent.parent)) return at.name.getText();
  }
  return '';
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 90 ? line : `${line.slice(0, 60)} … ${line.slice(-25)}`;
}
