// The public API, as a page that a reviewer sees change: every name that an
// entry point exports, with its signature. `npm run api` writes it anew from
// the built declarations; `npm run test:package` fails while it differs.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = join(root, 'test/package/public-api.md');
const { exports, name } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
);
const entries = Object.entries(exports)
  .filter(([, target]) => typeof target === 'object')
  .map(([path, { types }]) => [name + path.slice(1), join(root, types)]);

const program = ts.createProgram(
  entries.map(([, file]) => file),
  {
    module: ts.ModuleKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    skipLibCheck: true,
  },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true });

/** What a user of this class cannot reach says nothing about the API. */
const isHidden = (member) =>
  ts.getJSDocTags(member).some(({ tagName }) => tagName.text === 'internal') ||
  (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0 ||
  (member.name !== undefined && ts.isPrivateIdentifier(member.name));

function visible(node) {
  if (!ts.isClassDeclaration(node)) return node;
  return ts.factory.updateClassDeclaration(
    node,
    node.modifiers,
    node.name,
    node.typeParameters,
    node.heritageClauses,
    node.members.filter((member) => !isHidden(member)),
  );
}

function signatureOf(declaration) {
  // A constant's statement is two levels above its name.
  const node = ts.isVariableDeclaration(declaration)
    ? declaration.parent.parent
    : declaration;
  return printer
    .printNode(ts.EmitHint.Unspecified, visible(node), node.getSourceFile())
    .replaceAll(/^export (default )?(declare )?/gm, '');
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** Under which entry point each symbol was shown first. */
const shown = new Map();

function sectionOf([entry, file]) {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  if (module === undefined)
    throw new Error(`${file}: run \`nest build\` first`);
  const own = [];
  const again = [];
  const symbols = checker
    .getExportsOfModule(module)
    .toSorted((a, b) => compare(a.name, b.name));
  for (const symbol of symbols) {
    const target =
      symbol.flags & ts.SymbolFlags.Alias
        ? checker.getAliasedSymbol(symbol)
        : symbol;
    if (shown.has(target)) {
      again.push(`- \`${symbol.name}\`: see \`${shown.get(target)}\``);
      continue;
    }
    shown.set(target, entry);
    const text = (target.declarations ?? []).map(signatureOf).join('\n');
    const alias =
      target.name === symbol.name ? '' : `// exported as ${symbol.name}\n`;
    own.push(alias + text);
  }
  return [
    `## ${entry}`,
    ...(own.length > 0 ? ['```ts\n' + own.join('\n\n') + '\n```'] : []),
    ...(again.length > 0 ? [again.join('\n')] : []),
  ].join('\n\n');
}

const text = await format(
  [
    '# The public API',
    'Written by `npm run api`: what each entry point exports. A change here is one that users see; it belongs into `CHANGELOG.md`.',
    ...entries.map(sectionOf),
  ].join('\n\n'),
  { parser: 'markdown', singleQuote: true },
);

if (process.argv.includes('--check')) {
  const stated = readFileSync(page, 'utf8');
  if (stated !== text) {
    const before = new Set(stated.split('\n'));
    const after = new Set(text.split('\n'));
    for (const line of before) if (!after.has(line)) console.error(`- ${line}`);
    for (const line of after) if (!before.has(line)) console.error(`+ ${line}`);
    console.error(
      'The public API differs from test/package/public-api.md. If that is meant, run `npm run api` and say so in CHANGELOG.md.',
    );
    process.exit(1);
  }
} else {
  writeFileSync(page, text);
}
