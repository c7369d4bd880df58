export { odpConfig } from './odp.config.js';
