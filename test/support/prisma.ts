import { PrismaMariaDb } from '@prisma/adapter-mariadb';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  getPrismaClient,
  type GetPrismaClientConfig,
} from '@prisma/client/runtime/client';
import type { SqlDialect, Work } from './sql-libraries.js';

/** What is used of a client, and of the `tx` of its transactions. */
interface PrismaTx {
  $executeRawUnsafe(text: string): Promise<number>;
}
interface PrismaClient extends PrismaTx {
  $transaction(work: (tx: PrismaTx) => Promise<void>): Promise<void>;
  $disconnect(): Promise<void>;
}

/** Node's own types leave it to the DOM's. */
interface WithWebAssembly {
  readonly WebAssembly: { readonly Module: new (bytes: Buffer) => unknown };
}

const runtime = '@prisma/client/runtime';

/** The compiler of queries is WebAssembly in the package, so nothing is downloaded. */
const compilerOf = (
  provider: string,
): NonNullable<GetPrismaClientConfig['compilerWasm']> => ({
  getRuntime: () =>
    import(`${runtime}/query_compiler_fast_bg.${provider}.mjs`) as ReturnType<
      NonNullable<GetPrismaClientConfig['compilerWasm']>['getRuntime']
    >,
  async getQueryCompilerWasmModule() {
    const { wasm } = (await import(
      `${runtime}/query_compiler_fast_bg.${provider}.wasm-base64.mjs`
    )) as { wasm: string };
    const { WebAssembly } = globalThis as unknown as WithWebAssembly;
    return new WebAssembly.Module(Buffer.from(wasm, 'base64'));
  },
  importName: './query_compiler_fast_bg.js',
});

/**
 * Prisma's client on a schema without models, made as `prisma generate` writes
 * it: the generator itself wants to download a program.
 */
export function prismaClient(url: string, type: SqlDialect): PrismaClient {
  const provider = type === 'postgres' ? 'postgresql' : 'mysql';
  const Client = getPrismaClient({
    previewFeatures: [],
    clientVersion: '7.10.0',
    engineVersion: 'none',
    activeProvider: provider,
    inlineSchema: `datasource db {\n  provider = "${provider}"\n}\n`,
    runtimeDataModel: { models: {}, enums: {}, types: {} },
    parameterizationSchema: { strings: [], graph: 'AAAA' },
    compilerWasm: compilerOf(provider),
  });
  const adapter =
    type === 'postgres'
      ? new PrismaPg({ connectionString: url })
      : new PrismaMariaDb(url.replace(/^mysql:/, 'mariadb:'));
  return new Client({ adapter }) as unknown as PrismaClient;
}

export const prisma = (url: string, type: SqlDialect) => {
  const client = prismaClient(url, type);
  return {
    name: 'Prisma',
    run: (work: Work) =>
      client.$transaction((tx) =>
        work(tx, (text) => tx.$executeRawUnsafe(text)),
      ),
    pool: () => client,
    end: () => client.$disconnect(),
  };
};
