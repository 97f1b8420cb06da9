/**
 * Checks that no word of the table "Words not used" in `docs/style.md` is used, neither as a word nor as a part of an
 * identifier or a file name. Then proves on planted violations that they are found: a check that reads no file finds
 * nothing either.
 */

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';

const page = 'docs/style.md';
const heading = '## Words not used';
const places = ['src', 'machines', 'test', '.ci', 'docs', 'README.md'];
const textTypes = new Set(['.ts', '.mjs', '.mts', '.js', '.cjs', '.json', '.md', '.txt', '.sh', '']);
const fewestWords = 5;
const fewestFiles = 100;

/** The words of the table, each with what to write instead. A compound such as `onError` would have several parts. */
function bannedWords(folder) {
  const section = readFileSync(join(folder, page), 'utf8').split(`${heading}\n`)[1]?.split(/^#/m)[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).flatMap((row) => {
    const [not = '', but = ''] = row.split('|').slice(1, 3);
    const words = not.split(',').map((word) => word.replaceAll('`', '').trim());
    return words.map((word) => ({ word, parts: partsOf(word), but: but.trim() }));
  });
}

/** `whenHTTPFails`, `when-http-fails` → `when`, `http`, `fails`. */
function partsOf(identifier) {
  return identifier
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part !== '');
}

function bannedIn(text, banned) {
  const identifiers = text.match(/[A-Za-z][A-Za-z0-9_-]*/g) ?? [];
  const split = identifiers.map(partsOf);
  return banned.filter(({ parts }) =>
    split.some((own) => own.some((_, from) => parts.every((part, index) => own[from + index] === part))),
  );
}

function filesIn(folder) {
  return places.flatMap((place) => {
    if (statSync(join(folder, place)).isFile()) return [place];
    return readdirSync(join(folder, place), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && textTypes.has(extname(entry.name)))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .filter((file) => !file.includes('node_modules/'));
  });
}

/** The lines of a file; those of the table are left out. */
function linesOf(folder, file) {
  let isInTable = false;
  return readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .map((line) => {
      if (line.startsWith('#')) isInTable = file === page && line === heading;
      return isInTable ? '' : line;
    });
}

function check(folder) {
  const banned = bannedWords(folder);
  const files = filesIn(folder);
  const problem = (where, { word, but }) => `${where}: "${word}" is not used here, but ${but}`;
  const problems = files.flatMap((file) => [
    ...bannedIn(file, banned).map((found) => problem(`${file} (its name)`, found)),
    ...linesOf(folder, file).flatMap((line, index) =>
      bannedIn(line, banned).map((found) => problem(`${file}:${index + 1}`, found)),
    ),
  ]);
  if (banned.length < fewestWords) problems.push(`${page} has only ${banned.length} words below "${heading}"`);
  if (files.length < fewestFiles) problems.push(`only ${files.length} files were found`);
  return { problems, files: files.length, banned };
}

/** What a mistaken person might write, where `word` is one of the table: the file, its text, and where it is found. */
function plantedWith(word) {
  const capitalized = `${word[0].toUpperCase()}${word.slice(1)}`;
  return [
    { file: 'src/planted-comment.ts', text: `\n// Here a ${word} is named.\n`, found: ':2' },
    { file: 'machines/planted-identifier.ts', text: `export const planted${capitalized}Of = 1;\n`, found: ':1' },
    { file: 'test/planted-constant.ts', text: `export const PLANTED_${word.toUpperCase()} = 1;\n`, found: ':1' },
    { file: `.ci/planted-${word}.mjs`, text: '\n', found: ' (its name)' },
    { file: 'docs/planted.md', text: `# Planted\n\n${capitalized} first.\n`, found: ':3' },
    { file: 'src/planted-longer.ts', text: `export const planted${word}x = 'x${word}';\n`, found: null },
  ];
}

function checkPlanted({ word }) {
  const copy = mkdtempSync(join(tmpdir(), 'words-'));
  try {
    for (const place of places) cpSync(place, join(copy, place), { recursive: true });
    const planted = plantedWith(word);
    for (const { file, text } of planted) writeFileSync(join(copy, file), text);
    const { problems } = check(copy);
    const missed = planted.filter(
      ({ file, found }) => problems.some((problem) => problem.startsWith(`${file}${found ?? ''}`)) !== (found !== null),
    );
    return missed.map(({ file, found }) =>
      found === null
        ? `${file}, planted, has no such word and was refused`
        : `"${word}", planted in ${file}, is not seen`,
    );
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

const { problems, files, banned } = check('.');
const [single] = banned.filter(({ parts }) => parts.length === 1);
if (single !== undefined) problems.push(...checkPlanted(single));
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else console.log(`${files} files use none of ${banned.length} words; planted ones were found`);
