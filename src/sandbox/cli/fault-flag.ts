const PATTERN = new Set(['type', 'action', 'field', 'value']);

/**
 * A fault as the command line writes it: `status=503,times=2`. Whether it makes
 * sense is for `readFault` to say.
 */
export function readFaultFlag(flag: string): Record<string, unknown> {
  const fault: Record<string, unknown> = {};
  const pattern: Record<string, unknown> = {};
  for (const part of flag.split(',')) {
    const [name = '', ...rest] = part.split('=');
    const value = rest.length === 0 ? true : rest.join('=');
    if (PATTERN.has(name)) pattern[name] = value;
    else if (name === 'invalid') fault['invalid'] = pattern;
    else if (name === 'retry-after') fault['retryAfter'] = numberIfAny(value);
    else fault[name] = name === 'message' ? value : numberIfAny(value);
  }
  // Without the kind, what it should match would go unnoticed.
  return fault['invalid'] === undefined ? { ...fault, ...pattern } : fault;
}

function numberIfAny(value: string | true): unknown {
  return value === true || !/^[\d.]+$/.test(value) ? value : Number(value);
}
