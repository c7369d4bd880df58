import type { ActiveFaults } from '../faults/active-faults.js';
import type { OdpFault } from '../faults/fault.js';
import { json } from '../wire/answer.js';
import type { Routes } from './route.js';

/** Making things go wrong, and ending that. */
export function faultRoutes(faults: ActiveFaults): Routes {
  return {
    'GET faults': () => json(200, { faults: faults.all() }),
    'POST faults': ({ body }) => json(201, faults.add(body as OdpFault)),
    'DELETE faults': () => {
      faults.clear();
      return json(200, {});
    },
    'DELETE faults/:id': ({ id }) => {
      faults.remove(Number(id));
      return json(200, {});
    },
  };
}
