export { odpConfig, odpConfigFor } from './odp.config.js';
