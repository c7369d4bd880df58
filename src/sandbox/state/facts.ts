import type { SegmentState } from './segments.js';
import type { Identifiers } from './stitcher.js';

/** A subscription to a list, or its end. */
export interface ListState {
  readonly subscribed: boolean;
  readonly updatedAt: string;
}

/** A list, as `GET /v3/lists` answers it. */
export interface OdpList {
  readonly list_id: string;
  readonly name: string;
  readonly created_at: string;
}

/** A fact about customers that did not come with an event. */
export type CustomerFact =
  | { readonly attributes: Readonly<Record<string, unknown>> }
  | {
      readonly identifiers: Identifiers;
      /** `null`: no longer pinned. */
      readonly segments: Readonly<Record<string, SegmentState | null>>;
    }
  | {
      readonly identifiers: Identifiers;
      readonly subscription: ListState & { readonly list: string };
    }
  | { readonly list: OdpList }
  | {
      /** `consent`, `reachability` or `identifiers`. */
      readonly kind: string;
      readonly record: Readonly<Record<string, unknown>>;
    };
