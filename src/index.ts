export * from './errors/index.js';
export * from './outbox/index.js';
export { PACKAGE_VERSION } from './version.js';
