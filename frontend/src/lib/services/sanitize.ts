/**
 * The one way for HTML that strangers had a part in into a page: nothing of it runs, loads or looks like a
 * control of ours. Heavy: to be imported when there is something to show.
 */
import createPurifier, { type Config } from 'dompurify';

const CONFIG: Config = {
  USE_PROFILES: { html: true, mathMl: true },
  ADD_TAGS: ['semantics', 'annotation'],
  FORBID_TAGS:
    `style link meta base form input button select option textarea label fieldset object embed iframe
    img picture source audio video track svg canvas map area dialog template slot maction`.split(/\s+/),
  FORBID_ATTR: [
    'style',
    'id',
    'name',
    'src',
    'srcset',
    'ping',
    'background',
    'poster',
    'action',
    'xlink:href'
  ],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false
};
const LINK = /^(https?|mailto):/i;
/** Those of highlighted code, formulas and what scrolls within itself: no others may borrow our looks. */
const OUR_CLASS = /^(hljs-[\w-]+|(table|math)-scroll|katex)$/;
const LANGUAGE = /^[\w+#.-]{1,40}$/;

const purifier = createPurifier(globalThis.window);

purifier.addHook('uponSanitizeAttribute', (_node, event) => {
  if (event.attrName === 'href') event.keepAttr = LINK.test(event.attrValue.trim());
  if (event.attrName === 'data-language') event.forceKeepAttr = LANGUAGE.test(event.attrValue);
  if (event.attrName === 'class') {
    event.attrValue = event.attrValue
      .split(/\s+/)
      .filter((name) => OUR_CLASS.test(name))
      .join(' ');
    event.keepAttr = event.attrValue !== '';
  }
});

purifier.addHook('afterSanitizeAttributes', (node) => {
  if (node.nodeName.toLowerCase() !== 'a' || !node.hasAttribute('href')) return;
  node.setAttribute('rel', 'noopener noreferrer nofollow');
  node.setAttribute('target', '_blank');
});

/** What is left of HTML, as nodes that belong to no page yet. */
export function sanitized(html: string): DocumentFragment {
  return purifier.sanitize(html, { ...CONFIG, RETURN_DOM_FRAGMENT: true });
}
