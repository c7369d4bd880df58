import type { OptionsOf } from '../../options/index.js';
import type { OdpOutbox } from '../outbox.js';
import { RedisOutbox } from './redis-outbox.js';
import { RedisOutboxOptions } from './redis-outbox.options.js';

export {
  type RedisOutboxClient,
  RedisOutboxOptions,
} from './redis-outbox.options.js';

/**
 * Keeps accepted events in Redis (6.2 or newer) until ODP has them: a hash of
 * events and sorted sets of what may be claimed when, which any number of instances
 * share. Survives the loss of any instance. What Redis itself survives depends on how it is set up: it needs `appendonly yes` and `maxmemory-policy noeviction` (docs/redis-outbox.md).
 *
 * @throws OdpConfigurationError when an option is wrong
 */
export function redisOutbox(
  options: Pick<RedisOutboxOptions, 'client'> & OptionsOf<RedisOutboxOptions>,
): OdpOutbox {
  return new RedisOutbox(new RedisOutboxOptions(options));
}
