/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * Makes an element. Children that are text become text nodes: nothing on this
 * page ever parses what came in as markup.
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onclick') node.addEventListener('click', value);
    else if (value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  node.append(...children.flat(2).filter((child) => child !== undefined));
  return node;
}

/** A button that does `onclick`. */
export const button = (label, onclick, attributes = {}) =>
  el('button', { type: 'button', onclick, ...attributes }, label);

/** Calls the sandbox behind the page; rejects with what it says is wrong. */
export async function call(method, path, body) {
  const request = { method, headers: { 'content-type': 'application/json' } };
  if (body !== undefined) request.body = JSON.stringify(body);
  let response;
  try {
    response = await fetch(`/_sandbox/${path}`, request);
  } catch {
    throw new Error('The sandbox does not answer.');
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message ?? response.statusText);
  return answer;
}
