/** Make a place's nodes equal to others, and leave alone what is the same: selections and scrolling stay. */
export function patch(place: Node, wanted: Node): void {
  const now = [...place.childNodes];
  const next = [...wanted.childNodes];
  next.forEach((node, at) => {
    const old = now[at];
    if (old === undefined) place.appendChild(node);
    else if (old.isEqualNode(node)) return;
    else if (old instanceof Element && node instanceof Element && isAlike(old, node)) {
      patchAttributes(old, node);
      patch(old, node);
    } else if (old instanceof Text && node instanceof Text) old.data = node.data;
    else place.replaceChild(node, old);
  });
  for (const rest of now.slice(next.length)) place.removeChild(rest);
}

const isAlike = (one: Element, other: Element): boolean =>
  one.nodeName === other.nodeName && one.namespaceURI === other.namespaceURI;

function patchAttributes(old: Element, wanted: Element): void {
  for (const { name } of [...old.attributes]) if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}
