/**
 * Checks that no object is looked up by a name that others chose: `constructor` and `toString` are found in every
 * object, and assigning `__proto__` changes what an object is. Such tables are `Map`s, or are read through
 * `machines/table.ts`. Then proves on planted violations that they are found.
 */

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const places = ['src', 'machines'];
/** Where tables are read and written with care. */
const allowed = new Set(['machines/table.ts']);
const fewestFiles = 100;
const plantedFile = 'src/planted-lookups.ts';
const planted = [
  'export const read = (table: Readonly<Record<string, number>>, name: string) => table[name];',
  'export const write = (table: Record<string, number>, name: string) => { table[name] = 1; };',
  'export const ask = (table: object, name: string) => name in table;',
  'export const take = (table: Record<string, number>, name: string) => { const { [name]: one } = table; return one; };',
  'export const cast = (table: { readonly a: number }, name: string) => table[name as keyof typeof table];',
];

/** A union of literals names what we chose ourselves; a number is a place in a list. */
function isOthersWord(checker, node) {
  const type = checker.getTypeAtLocation(node);
  const parts = type.isUnion() ? type.types : [type];
  return parts.some((part) => (part.flags & (ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral)) !== 0);
}

/** `name as keyof T` says what the compiler cannot know. */
function isCast(node) {
  return ts.isAsExpression(node) && !ts.isConstTypeReference(node.type);
}

function lookedUpBy(node) {
  if (ts.isElementAccessExpression(node)) return node.argumentExpression;
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword) return node.left;
  if (ts.isBindingElement(node) && node.propertyName !== undefined && ts.isComputedPropertyName(node.propertyName))
    return node.propertyName.expression;
  return null;
}

function lookupsIn(checker, source) {
  const found = [];
  const visit = (node) => {
    const key = lookedUpBy(node);
    const isFound =
      key !== null && (isOthersWord(checker, key) || (isCast(key) && isOthersWord(checker, key.expression)));
    if (isFound) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ line: line + 1, text: node.getText().split('\n')[0] });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function programOf(folder) {
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, folder);
  const files = places.flatMap((place) =>
    readdirSync(join(folder, place), { recursive: true })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(folder, place, file)),
  );
  const plantedPath = join(folder, plantedFile);
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  const text = planted.join('\n');
  host.getSourceFile = (path, ...rest) =>
    path === plantedPath ? ts.createSourceFile(path, text, rest[0]) : getSourceFile(path, ...rest);
  host.fileExists = (path) => path === plantedPath || fileExists(path);
  host.readFile = (path) => (path === plantedPath ? text : readFile(path));
  return { program: ts.createProgram([...files, plantedPath], options, host), files, plantedPath };
}

const folder = process.cwd();
const { program, files, plantedPath } = programOf(folder);
const checker = program.getTypeChecker();
const mistakes = files.flatMap((path) => {
  const file = relative(folder, path);
  const source = program.getSourceFile(path);
  if (source === undefined || allowed.has(file)) return [];
  return lookupsIn(checker, source).map(({ line, text }) => `${file}:${line} looks a name up in an object: ${text}`);
});
for (const mistake of mistakes) console.error(mistake);
if (mistakes.length > 0) {
  console.error('Use a Map, or entryOf, withEntry, without and setEntry of machines/table.ts.');
  process.exit(1);
}

const source = program.getSourceFile(plantedPath);
const seen = source === undefined ? 0 : lookupsIn(checker, source).length;
if (files.length < fewestFiles || seen !== planted.length) {
  console.error(
    `Of ${planted.length} planted lookups ${seen} were found, in ${files.length} files: the check is blind.`,
  );
  process.exit(1);
}
console.log(`No object is looked up by a name of others in ${files.length} files.`);
