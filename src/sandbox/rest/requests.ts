import { type OdpReceivedRequest, withoutSecrets } from '../state/received.js';
import type { SandboxState } from '../state/state.js';
import { json } from '../wire/answer.js';
import { refusalOf } from '../wire/refusal.js';
import { found, readNumber, type Routes } from './route.js';

const MAX_LISTED = 10_000;

/** What was sent to `/v3`, and answered. */
export function requestRoutes({ requests }: SandboxState): Routes {
  return {
    'GET requests': ({ query }) => {
      const after = readNumber(query, 'after', 0, Infinity);
      const limit = readNumber(query, 'limit', 1000, MAX_LISTED);
      return json(200, {
        requests: requests.after(after, limit).map(view),
      });
    },
    'GET requests/:id': ({ id }) => {
      const [request] = requests.after(Number(id) - 1, 1);
      return found(request?.id === Number(id) ? view(request) : undefined);
    },
  };
}

function view(request: OdpReceivedRequest) {
  return { ...withoutSecrets(request), refusal: refusalOf(request) };
}
