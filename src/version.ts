/**
 * This package's version, which events carry in `data_source_version`. A constant,
 * because `import.meta` and JSON imports break CommonJS consumers under Jest;
 * `test/package/manifest.spec.ts` compares it with package.json.
 */
export const PACKAGE_VERSION = '0.1.0';
