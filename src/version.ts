/**
 * This package's version, as events carry it in `data_source_version`. It
 * stands here because `import.meta` and JSON imports break CommonJS consumers
 * under Jest; `test/package/manifest.spec.ts` holds it to package.json.
 */
export const PACKAGE_VERSION = '0.1.0';
