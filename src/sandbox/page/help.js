import { byId, button, el } from './dom.js';

/** What the filter understands, by view. */
const HINTS = {
  events: {
    placeholder: 'Filter, e.g. purchase email:ada -duplicate',
    examples: [
      ['purchase', 'anywhere: type, action, names and values of fields'],
      ['"two words"', 'quotes hold spaces together'],
      ['email:ada', 'email contains “ada”; numbers are met whole: data.n:9'],
      ['email=ada@example.com', 'exactly this, capitals too'],
      ['order.order_id:42', 'a path; its beginning may be left out'],
      ['coupon:', 'there is a field of this name'],
      ['-duplicate', 'none of this'],
      ['#21', 'the event with this number'],
      ['request:7', 'what came with this request'],
    ],
  },
  requests: {
    placeholder: 'Filter, e.g. refused status:400 /v3/events',
    examples: [
      ['refused', 'answered by no 2xx, or not at all'],
      ['status:503', 'this status; also status:hung, status:reset'],
      ['/v3/events', 'anywhere: method, path, refusal, faults'],
      ['events:500', 'this many events in it'],
      ['refusal:type', 'the refusal’s words contain “type”'],
      ['fault:late', 'struck by a fault with “late” in its description'],
      ['-path=/v3/events', 'none of this'],
      ['#7', 'the request with this number'],
    ],
  },
};

export const placeholderOf = (view) => HINTS[view].placeholder;

/** Opens the explanation; an example that is chosen becomes the filter. */
export function openHelp(view, onChoose) {
  const dialog = byId('help');
  byId('examples').replaceChildren(
    ...HINTS[view].examples.flatMap(([example, meaning]) => [
      el(
        'dt',
        {},
        button(
          example,
          () => {
            dialog.close();
            onChoose(example);
          },
          { class: 'example' },
        ),
      ),
      el('dd', {}, meaning),
    ]),
  );
  dialog.showModal();
}
