import { isObject } from '../check.js';
import type { Customers } from '../state/customers.js';
import type {
  OdpSandboxSegment,
  Segments,
  SegmentState,
} from '../state/segments.js';
import { json } from '../wire/answer.js';
import { found, invalid, type Routes } from './route.js';

/** Segments by rules, and who is in them. */
export function segmentRoutes(
  segments: Segments,
  customers: Customers,
): Routes {
  return {
    'GET segments': () => {
      const all = customers.all();
      return json(200, {
        segments: segments.all().map((segment) => ({
          ...segment,
          customers: all.filter(
            (customer) => customer.segments[segment.name] === 'qualified',
          ).length,
        })),
      });
    },
    'PUT segments/:id': ({ id, body }) => {
      if (!isObject(body)) {
        throw invalid(
          'A segment is an object',
          'Give when, e.g. {"when":{"type":"order","atLeast":3}}.',
        );
      }
      const segment = { ...body, name: id } as unknown as OdpSandboxSegment;
      segments.define(segment);
      return json(200, segment);
    },
    'DELETE segments/:id': ({ id }) =>
      found(segments.remove(id) ? {} : undefined),
    'PUT customer/segments': ({ body }) => {
      const { identifiers, segments: states } = isObject(body) ? body : {};
      if (!isObject(identifiers) || !isObject(states)) {
        throw invalid(
          'The body has no identifiers, or no segments',
          'Give both: {"identifiers":{"email":"…"},"segments":{"vip":"qualified"}}.',
        );
      }
      customers.pin(identifiers, states as Record<string, SegmentState | null>);
      return found(customers.find(identifiers));
    },
  };
}
