const PATTERN = new Set(['type', 'action', 'field', 'value']);
const TEXTS = new Set(['message', 'path', 'body']);
const NAMES: Readonly<Record<string, string>> = {
  'retry-after': 'retryAfter',
  'body-bytes': 'bodyBytes',
};

/**
 * A fault as written on the command line: `status=503,times=2`. Whether it
 * makes sense is for `readFault` to say.
 */
export function readFaultFlag(flag: string): Record<string, unknown> {
  const fault: Record<string, unknown> = {};
  const pattern: Record<string, unknown> = {};
  for (const part of flag.split(',')) {
    const [name = '', ...rest] = part.split('=');
    const value = rest.length === 0 ? true : rest.join('=');
    if (PATTERN.has(name)) pattern[name] = value;
    else if (name === 'location') fault['headers'] = { location: value };
    else if (name !== 'invalid') {
      fault[NAMES[name] ?? name] = TEXTS.has(name) ? value : numberIfAny(value);
    } else fault['invalid'] = pattern;
  }
  const isNarrowed =
    fault['invalid'] === undefined && Object.keys(pattern).length > 0;
  return isNarrowed ? { ...fault, match: pattern } : fault;
}

function numberIfAny(value: string | true): unknown {
  return value === true || !/^[\d.]+$/.test(value) ? value : Number(value);
}
