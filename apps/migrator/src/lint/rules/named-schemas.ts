import type { FuncCall, Node, TypeCast } from 'libpg-query';
import { allOf, as, type Branch, branches, textsIn } from '../tree.ts';
import { settingsChangedBy } from './changed-settings.ts';

/** The schemas that a statement names, as often as it does: `search_path` for one that says where to look. */
export function schemasNamedBy(node: Node): string[] {
  return [
    ...[...branches(node)].flatMap(({ key, value }) => [
      ...schemaOf(value),
      ...schemasOfNames(value),
      ...schemaOfColumn(key, value),
      ...schemaInText(key, value),
    ]),
    ...settingsChangedBy(node).filter((setting) => setting === 'search_path'),
    ...schemasOfObjects(node),
    ...schemasOfGrant(node),
  ];
}

/** Of tables and all else that is like them, and of `create schema` and `set schema`. */
function schemaOf({ schemaname, newschema }: Branch['value']): string[] {
  return [schemaname, newschema].filter((name) => typeof name === 'string');
}

/** Where the parser keeps names in parts: of functions, types, operators and collations. */
const NAMES = ['funcname', 'names', 'objname', 'collname', 'domainname', 'typeName', 'name'];

function schemasOfNames(value: Branch['value']): string[] {
  return NAMES.flatMap((key) => schemaIn(partsOf(value[key])));
}

function partsOf(list: unknown): string[] {
  return Array.isArray(list) ? textsIn(list as Node[]) : [];
}

function schemaIn(parts: readonly string[], leastParts = 2): string[] {
  return parts.length >= leastParts ? parts.slice(0, 1) : [];
}

/** `schema.table.column`; with two parts the first is a table. */
function schemaOfColumn(key: string, { fields }: Branch['value']): string[] {
  return key === 'ColumnRef' ? schemaIn(partsOf(fields), 3) : [];
}

/** What a text is read as the name of: `nextval('shared.counter')`, `'shared.task'::regclass`. */
const NAMED_BY_TEXT = /^(?:nextval|currval|setval|to_reg\w+|reg(?:class|type|proc\w*|oper\w*))$/;

function schemaInText(key: string, value: Branch['value']): string[] {
  const { reader, text } = key === 'TypeCast' ? castIn(value) : callIn(value);
  const { sval } = as('A_Const', text)?.sval ?? {};
  return sval !== undefined && NAMED_BY_TEXT.test(reader.at(-1) ?? '')
    ? schemaIn(sval.split('.'))
    : [];
}

interface Reading {
  readonly reader: readonly string[];
  readonly text: Node | undefined;
}

function castIn({ typeName, arg }: TypeCast): Reading {
  return { reader: textsIn(typeName?.names), text: arg };
}

function callIn({ funcname, args }: FuncCall): Reading {
  return { reader: textsIn(funcname), text: args?.[0] };
}

/** What is part of a table is named after it. */
const PARTS: readonly (string | undefined)[] = [
  'OBJECT_POLICY',
  'OBJECT_TRIGGER',
  'OBJECT_RULE',
  'OBJECT_COLUMN',
  'OBJECT_TABCONSTRAINT',
];

/** Of what is dropped or commented on. */
function schemasOfObjects(node: Node): string[] {
  const drop = as('DropStmt', node);
  const comment = as('CommentStmt', node);
  const objects = drop?.objects ?? (comment?.object ? [comment.object] : []);
  const type = drop?.removeType ?? comment?.objtype;
  return [
    ...allOf('List', objects).flatMap(({ items }) =>
      schemaIn(textsIn(items), PARTS.includes(type) ? 3 : 2),
    ),
    ...(type === 'OBJECT_SCHEMA' ? textsIn(objects) : []),
  ];
}

function schemasOfGrant(node: Node): string[] {
  const { objtype, targtype, objects } = as('GrantStmt', node) ?? {};
  const ofDefaults = allOf('DefElem', as('AlterDefaultPrivilegesStmt', node)?.options)
    .filter(({ defname }) => defname === 'schemas')
    .flatMap(({ arg }) => textsIn(as('List', arg)?.items));
  return objtype === 'OBJECT_SCHEMA' || targtype === 'ACL_TARGET_ALL_IN_SCHEMA'
    ? textsIn(objects)
    : ofDefaults;
}
