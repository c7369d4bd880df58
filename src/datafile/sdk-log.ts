// The SDK says what it does in no other way. If it ever words its lines
// differently, only our messages get vaguer, and a request that hangs is noticed
// later.

const FETCHER = 'PollingDatafileManager: ';
const PARSER = 'ProjectConfigManager: ';

/** Whether a line of its log is about fetching the datafile. */
export const isOfFetching = (line: string) => line.startsWith(FETCHER);

/** Whether a line says that a request for the datafile has started. */
export const isFetchBegun = (line: string) =>
  line.startsWith(`${FETCHER}Making datafile request`);

/**
 * What an error line says is wrong with a datafile; `undefined` if it is about
 * something else. The SDK quotes a broken datafile, and so perhaps a key: that is
 * left out.
 */
export function problemOf(line: string): string | undefined {
  if (line.startsWith(PARSER)) return 'is broken (the SDK cannot read it)';
  if (!isOfFetching(line)) return undefined;
  const text = line.slice(FETCHER.length);
  const [, status] = /status:? (\d{3})\b/.exec(text) ?? [];
  if (status !== undefined) return `was answered with status ${status}`;
  // The error of a host with several addresses that all refuse has no text.
  const why = text.replace(/^Error fetching datafile: */, '');
  return `cannot be fetched (${why === '' ? 'no connection' : why})`;
}
