import { byId, button, el } from './dom.js';

const SHOWN_FOR = 1500;

/** A button that copies the text, which may be made when it is needed. */
export function copyButton(label, text, attributes = {}) {
  const control = button(
    label,
    async () => {
      const done = await copy(typeof text === 'function' ? text() : text);
      const said = done ? 'Copied' : 'Not copied: select it by hand';
      byId('said').textContent = said;
      control.dataset.said = done ? 'Copied' : 'Failed';
      setTimeout(() => delete control.dataset.said, SHOWN_FOR);
    },
    { class: 'copy', ...attributes },
  );
  return control;
}

/** The same without words, beside the value that it copies. */
export const copyIcon = (what, text) =>
  copyButton('', text, { class: 'copy mark', 'aria-label': `Copy ${what}` });

/** Text to copy as it stands. */
export const snippet = (text, what) =>
  el(
    'div',
    { class: 'snippet' },
    el('pre', { tabindex: '0' }, text),
    copyIcon(what, text),
  );

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Only loopback and https have the clipboard; the old way works elsewhere.
    return copySelected(text);
  }
}

function copySelected(text) {
  const { activeElement } = document;
  const area = el('textarea', { class: 'hidden', readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  activeElement?.focus();
  return done;
}

/** The request as a command that sends it again. */
export function asCurl({ method, path, body, needsKey }) {
  const parts = [`curl ${quoted(`${location.origin}${path}`)}`];
  if (method !== 'GET' && method !== 'POST') parts.push(`-X ${quoted(method)}`);
  if (needsKey) parts.push('-H "x-api-key: $OPTIMIZELY_ODP_API_KEY"');
  if (body !== undefined) {
    parts.push(`-H 'content-type: application/json'`);
    parts.push(`--data-raw ${quoted(body)}`);
  }
  return parts.join(' \\\n  ');
}

const quoted = (text) => `'${text.replaceAll("'", `'\\''`)}'`;
