/** Where an ODP account is hosted. */
export type OdpRegion = 'us' | 'eu' | 'au';

/** The hosts that ODP's OpenAPI documents name. */
export const REGION_HOSTS: Readonly<Record<OdpRegion, string>> = {
  us: 'https://api.us1.odp.optimizely.com',
  eu: 'https://api.eu1.odp.optimizely.com',
  au: 'https://api.au1.odp.optimizely.com',
};

/**
 * The region that a key names: the part before the last dot (a private key is
 * `<public>.<secret>`) ends in `-eu1` or `-au1`. `undefined` if it names none,
 * like keys of the US. ODP's own Node SDK reads keys the same way.
 */
export function regionOfKey(apiKey: string): OdpRegion | undefined {
  const dot = apiKey.lastIndexOf('.');
  const publicKey = dot === -1 ? apiKey : apiKey.slice(0, dot);
  if (publicKey.endsWith('-eu1')) return 'eu';
  if (publicKey.endsWith('-au1')) return 'au';
  return undefined;
}
