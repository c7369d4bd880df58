import { checkFields, isObject, type Check } from '../check.js';
import type { Account } from '../state/account.js';
import { json } from '../wire/answer.js';
import { invalid, type Routes } from './route.js';

const keyChecks: Record<string, Check> = {
  apiKey: [
    (v) => v === null || (typeof v === 'string' && v.trim() !== ''),
    'a non-empty text or null',
  ],
};

/** What the page and tests see of the account. */
export interface AccountView {
  /** Where the datafile is; with any SDK key unless one is set. */
  readonly datafileUrl: string;
  readonly needsToken: boolean;
  readonly revision: string;
  readonly integration: ReturnType<Account['integrationAt']>;
  /** The only key that is accepted; `null`: any is. */
  readonly apiKey: string | null;
}

/** The datafile's integration, and the key that is accepted. */
export function integrationRoutes(
  account: Account,
  view: () => AccountView,
): Routes {
  const set = (change: () => void) => {
    change();
    return json(200, view());
  };
  return {
    'GET integration': () => json(200, view()),
    'PUT integration': ({ body }) => {
      if (!isObject(body)) {
        throw invalid(
          'An integration is an object',
          'Give publicKey, host, or both.',
        );
      }
      return set(() => account.setIntegration(body));
    },
    'DELETE integration': () => set(() => account.setIntegration(null)),
    'POST integration/reset': () =>
      set(() => account.setIntegration(undefined)),
    'PUT api-key': ({ body }) => {
      if (!isObject(body) || body['apiKey'] === undefined) {
        throw invalid('There is no apiKey', 'Give one, or null for any.');
      }
      checkFields(body, keyChecks, 'the body');
      return set(() => {
        account.apiKey = (body['apiKey'] as string | null) ?? undefined;
      });
    },
  };
}
