import { button, call, el } from './dom.js';

/**
 * The segments of a customer, each with why it is in or out. A click pins the
 * opposite; a pinned one can be left to its rule again.
 */
export function segmentsView({ identifiers, segments, pinned }, defined, act) {
  const names = [
    ...new Set([...defined.map(({ name }) => name), ...Object.keys(segments)]),
  ];
  const [known] = Object.entries(identifiers);
  const pin = (name, state) =>
    act(`change the segment ${name}`, () =>
      call('PUT', 'customer/segments', {
        identifiers: { [known[0]]: known[1][0] },
        segments: { [name]: state },
      }),
    );
  return el(
    'section',
    {},
    el('h3', {}, 'Segments'),
    el(
      'ul',
      { class: 'segments' },
      names.map((name) => item(name, { segments, pinned, defined, pin })),
    ),
    names.length === 0
      ? el('p', { class: 'dim' }, 'None yet: pin one here, or define a rule.')
      : undefined,
    pinForm(pin),
  );
}

function item(name, { segments, pinned, defined, pin }) {
  const isIn = segments[name] === 'qualified';
  const isPinned = Object.hasOwn(pinned, name);
  const hasRule = defined.some((segment) => segment.name === name);
  return el(
    'li',
    {},
    button(name, () => void pin(name, isIn ? 'not_qualified' : 'qualified'), {
      role: 'switch',
      'aria-checked': `${isIn}`,
      class: 'switch',
    }),
    el(
      'small',
      {},
      `${isIn ? 'qualified' : 'not qualified'}, ${isPinned ? 'by hand' : 'by its rule'}`,
    ),
    isPinned
      ? button(
          hasRule ? 'Leave to its rule' : 'Remove',
          () => void pin(name, null),
          {
            'aria-label': hasRule
              ? `Leave ${name} to its rule`
              : `Remove ${name}`,
          },
        )
      : undefined,
  );
}

function pinForm(pin) {
  const field = el('input', {
    name: 'segment',
    'aria-label': 'Another segment',
    placeholder: 'another, e.g. gold',
    autocomplete: 'off',
  });
  const form = el(
    'form',
    { class: 'pin' },
    field,
    el('button', { type: 'submit' }, 'Qualify'),
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (name !== '') void pin(name, 'qualified');
  });
  return form;
}
