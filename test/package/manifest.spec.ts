import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createSourceFile,
  forEachChild,
  isAwaitExpression,
  isCallExpression,
  isExportDeclaration,
  isForOfStatement,
  isFunctionLike,
  isImportDeclaration,
  isMetaProperty,
  isStringLiteralLike,
  type Node,
  ScriptTarget,
  SyntaxKind,
} from 'typescript';
import { describe, expect, it } from 'vitest';
import { PACKAGE_VERSION } from '../../src/version.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

interface Manifest {
  readonly version: string;
  readonly exports: Readonly<
    Record<string, string | Readonly<Record<string, string>>>
  >;
  readonly typesVersions: Readonly<
    Record<'*', Readonly<Record<string, readonly string[]>>>
  >;
  readonly bin: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<
    Record<string, { readonly optional?: boolean }>
  >;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as Manifest;

/** What a source file asks of its surroundings. */
interface Source {
  /** Such as `transport/index.ts`. */
  readonly file: string;
  /** Packages that it loads; types alone are not loaded. */
  readonly packages: readonly string[];
  /** Packages that its declarations may need. */
  readonly typePackages: readonly string[];
  readonly usesImportMeta: boolean;
  readonly awaitsAtTopLevel: boolean;
}

const packageOf = (specifier: string) =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

function read(file: string): Source {
  const tree = createSourceFile(
    file,
    readFileSync(join(root, 'src', file), 'utf8'),
    ScriptTarget.ES2023,
  );
  const packages = new Set<string>();
  const typePackages = new Set<string>();
  let usesImportMeta = false;
  let awaitsAtTopLevel = false;
  const found = (specifier: Node | undefined, isTypeOnly: boolean) => {
    if (specifier === undefined || !isStringLiteralLike(specifier)) return;
    if (specifier.text.startsWith('.')) return;
    (isTypeOnly ? typePackages : packages).add(packageOf(specifier.text));
  };
  const visit = (node: Node, inFunction: boolean): void => {
    if (isImportDeclaration(node)) {
      const isTypeOnly =
        node.importClause?.phaseModifier === SyntaxKind.TypeKeyword;
      found(node.moduleSpecifier, isTypeOnly);
    } else if (isExportDeclaration(node)) {
      found(node.moduleSpecifier, node.isTypeOnly);
    } else if (
      isCallExpression(node) &&
      node.expression.kind === SyntaxKind.ImportKeyword
    ) {
      found(node.arguments[0], false);
    } else if (isMetaProperty(node) && node.name.text === 'meta') {
      usesImportMeta = true;
    } else if (
      !inFunction &&
      (isAwaitExpression(node) ||
        (isForOfStatement(node) && node.awaitModifier !== undefined))
    ) {
      awaitsAtTopLevel = true;
    }
    forEachChild(node, (child) =>
      visit(child, inFunction || isFunctionLike(node)),
    );
  };
  visit(tree, false);
  return {
    file,
    packages: [...packages],
    typePackages: [...typePackages],
    usesImportMeta,
    awaitsAtTopLevel,
  };
}

const sources = readdirSync(join(root, 'src'), {
  recursive: true,
  withFileTypes: true,
})
  .filter(({ name }) => name.endsWith('.ts') && !name.endsWith('.spec.ts'))
  .map(({ parentPath, name }) =>
    read(
      relative(join(root, 'src'), join(parentPath, name)).split(sep).join('/'),
    ),
  );

const files = new Set(sources.map(({ file }) => file));
const isBuiltin = (name: string) =>
  name.startsWith('node:') || builtinModules.includes(name);

describe('the version', () => {
  it('is that of package.json', () => {
    expect(PACKAGE_VERSION).toBe(manifest.version);
  });
});

describe('what is exported', () => {
  const targets = Object.entries(manifest.exports).filter(
    ([entry]) => entry !== './package.json',
  );
  const sourceOf = (target = '') =>
    target.replace(/^(\.\/)?dist\//, '').replace(/(\.d\.ts|\.js)$/, '.ts');

  it.each(targets)(
    '%s has its source, for code and types',
    (_entry, target) => {
      expect(Object.keys(target)).toEqual(['types', 'default']);
      for (const path of Object.values(target)) {
        expect(files).toContain(sourceOf(path));
      }
    },
  );

  it('has the same types for older module resolution', () => {
    expect(manifest.typesVersions['*']).toEqual(
      Object.fromEntries(
        targets
          .filter(([entry]) => entry !== '.')
          .map(([entry, target]) => [
            entry.slice(2),
            [(target as { types: string }).types],
          ]),
      ),
    );
  });

  it.each(Object.entries(manifest.bin))('%s has its source', (_name, path) => {
    expect(files).toContain(sourceOf(path));
  });
});

describe('what is imported', () => {
  const {
    peerDependencies,
    dependencies = {},
    peerDependenciesMeta,
  } = manifest;
  const imported = new Map<string, string[]>();
  for (const { file, packages, typePackages } of sources) {
    for (const name of [...packages, ...typePackages]) {
      if (isBuiltin(name)) continue;
      imported.set(name, [...(imported.get(name) ?? []), file]);
    }
  }

  it('is a peer, a dependency or part of Node', () => {
    expect(Object.keys({ ...peerDependencies, ...dependencies })).toEqual(
      expect.arrayContaining([...imported.keys()]),
    );
  });

  it('is all that users must install', () => {
    // Nest and the ValidationPipe need these two.
    const indirect = ['reflect-metadata', 'class-transformer'];
    const required = Object.keys({
      ...peerDependencies,
      ...dependencies,
    }).filter((name) => peerDependenciesMeta[name]?.optional !== true);
    expect([...imported.keys(), ...indirect]).toEqual(
      expect.arrayContaining(required),
    );
  });

  it('is at hand if the tests run', () => {
    expect(Object.keys(manifest.devDependencies)).toEqual(
      expect.arrayContaining(Object.keys(peerDependencies)),
    );
  });

  it.each<[string, string]>([
    ['@nestjs/config', 'config/'],
    ['@nestjs/terminus', 'terminus/'],
    ['@opentelemetry/api', 'opentelemetry/'],
    ['@optimizely/optimizely-sdk', 'datafile/'],
    ['classic-level', 'outbox/file/'],
    ['graphql', 'sandbox/'],
    ['ioredis', 'outbox/redis/'],
    ['mysql2', 'outbox/mysql/'],
    ['pg', 'outbox/postgres/'],
  ])('keeps the optional peer %s in %s', (name, folder) => {
    expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    for (const file of imported.get(name) ?? []) {
      expect(file.startsWith(folder), file).toBe(true);
    }
  });

  it('knows every optional peer above', () => {
    expect(Object.keys(peerDependenciesMeta).sort()).toEqual([
      '@nestjs/config',
      '@nestjs/terminus',
      '@opentelemetry/api',
      '@optimizely/optimizely-sdk',
      'classic-level',
      'graphql',
      'ioredis',
      'mysql2',
      'pg',
    ]);
  });
});

describe('what CommonJS and Jest can load', () => {
  it('has no top-level await', () => {
    expect(
      sources
        .filter(({ awaitsAtTopLevel }) => awaitsAtTopLevel)
        .map(({ file }) => file)
        .filter((file) => !file.startsWith('sandbox/')),
    ).toEqual([]);
  });

  it('has no import.meta outside the sandbox', () => {
    const users = sources
      .filter(({ usesImportMeta }) => usesImportMeta)
      .map(({ file }) => file);
    expect(users.filter((file) => !file.startsWith('sandbox/'))).toEqual([]);
  });

  it('reads more than nothing', () => {
    expect(files).toContain('odp/http-service.transport.ts');
    expect(sources.some(({ packages }) => packages.includes('rxjs'))).toBe(
      true,
    );
    expect(sources.some(({ usesImportMeta }) => usesImportMeta)).toBe(true);
  });
});
