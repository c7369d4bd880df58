import type { HttpService } from '@nestjs/axios';
import type { ResolvedDelivery } from '../delivery/index.js';
import type { Data, OdpBeforeSend } from '../events/index.js';
import type { DeadLetterRetention, OdpOutbox } from '../outbox/index.js';
import type { OdpIdentity } from '../identity/index.js';
import type { OdpIntegration, OdpRegion } from '../odp/index.js';

/** Every option, checked and with its default. */
export interface ResolvedOptions {
  /** `undefined`: not integrated. */
  readonly apiKey: string | undefined;
  /** Instead of `apiKey` and `apiHost`. */
  readonly integration: OdpIntegration | undefined;
  readonly region: OdpRegion;
  /** The region that the key names; `undefined` if it names none. */
  readonly regionOfSuffix: OdpRegion | undefined;
  readonly apiHost: string;
  /** For hosts that the integration names. */
  readonly allowInsecureHost: boolean;
  readonly enabled: boolean;
  /** `undefined`: Node's own client, or an axios instance of our own. */
  readonly http: Pick<HttpService, 'axiosRef'> | undefined;
  readonly commonData: Data;
  readonly eventTime: boolean;
  readonly allowPlaceholderIdentifiers: boolean;
  readonly identity: OdpIdentity | undefined;
  readonly beforeSend: OdpBeforeSend | undefined;
  readonly outbox: OdpOutbox;
  readonly delivery: ResolvedDelivery;
  readonly deadLetters: DeadLetterRetention;
}
