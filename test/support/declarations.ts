/** Interfaces as their source declares them: what each member is called, what it is, and what its comment says. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { root } from './markdown.ts';

export interface Member {
  readonly name: string;
  readonly isOptional: boolean;
  /** Of a method: the parameter's name, or `{ tail?, signal? }` for an object that is written out. Null: no method. */
  readonly parameters: readonly string[] | null;
  /** Of a method, what it returns. */
  readonly type: string;
  /** On one line; empty without a comment. */
  readonly comment: string;
}

/** Members of an interface in a source file, in order, overloads one by one. `file` is from the package's folder. */
export function membersOf(file: string, name: string): readonly Member[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const declaration = source.statements.filter(ts.isInterfaceDeclaration).find((one) => one.name.text === name);
  if (declaration === undefined) throw new Error(`${file} has no interface ${name}.`);
  return declaration.members.map(memberOf);
}

/** Names of the fields of an object type that is written out; of any other type none. */
export function fieldsOf(type: string): readonly string[] {
  const source = ts.createSourceFile('type.ts', `type One = ${type};`, ts.ScriptTarget.Latest, true);
  const [statement] = source.statements;
  if (statement === undefined || !ts.isTypeAliasDeclaration(statement) || !ts.isTypeLiteralNode(statement.type))
    return [];
  return statement.type.members.map(nameOf);
}

function memberOf(member: ts.TypeElement): Member {
  const isMethod = ts.isMethodSignature(member);
  const type = isMethod || ts.isPropertySignature(member) ? (member.type?.getText() ?? '') : '';
  return {
    name: member.name?.getText().replaceAll("'", '') ?? '',
    isOptional: member.questionToken !== undefined,
    parameters: isMethod ? member.parameters.map(parameterOf) : null,
    type: onOneLine(type),
    comment: onOneLine(ts.getJSDocCommentsAndTags(member).map(textOf).join(' ')),
  };
}

function parameterOf({ name, type, questionToken, initializer }: ts.ParameterDeclaration): string {
  if (type !== undefined && ts.isTypeLiteralNode(type)) return `{ ${type.members.map(nameOf).join(', ')} }`;
  return `${name.getText()}${questionToken === undefined && initializer === undefined ? '' : '?'}`;
}

function nameOf(member: ts.TypeElement): string {
  return `${member.name?.getText() ?? ''}${member.questionToken === undefined ? '' : '?'}`;
}

function textOf(comment: ts.JSDoc | ts.JSDocTag): string {
  return ts.getTextOfJSDocComment(comment.comment) ?? '';
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
