import { describe, it } from 'vitest';
import { outboxContract } from '../../testing/index.js';
import { memoryOutbox } from './index.js';

describe('memoryOutbox', () => {
  for (const { name, run } of outboxContract({
    create: () => memoryOutbox(),
  })) {
    it(name, run);
  }
});
