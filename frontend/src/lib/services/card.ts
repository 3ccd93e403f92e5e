/**
 * Model cards as Markdown that reads well here. They are strangers' and often hold HTML, of which our
 * Markdown shows the tags: what those mean is said in Markdown instead, and the rest of them left out.
 * That nothing unsafe is left is not this file's work but `sanitize.ts`'s.
 */

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
/** A card's first heading stands below the page's own and the card's title. */
const DEEPER = 2;
const DEEPEST = 6;
const TAGS = new Set(
  `a abbr article aside b big blockquote body br caption center cite code col colgroup dd del details dfn
  div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 head header hr html i iframe img ins kbd
  li link main mark meta nav ol p picture pre q s samp script section small source span strike strong style
  sub summary sup table tbody td tfoot th thead title tr tt u ul video audio`.split(/\s+/)
);
/** What our Markdown understands as HTML. */
const KEPT = new Set('b br del em hr i ins kbd mark s small strong sub sup u'.split(' '));
/** Whose content is not for reading. */
const UNREAD = /<(script|style|head|title)\b[^>]*>[\s\S]*?<\/\1\s*>/gi;

/** What programs read of a card; it stands before the rest. */
const FRONT_MATTER = /^\s*---[ \t]*\n[\s\S]*?\n---[ \t]*(?:\n|$)/;

export function cardMarkdown(source: string): string {
  return pieces(source.replace(/\r\n?/g, '\n').replace(FRONT_MATTER, ''))
    .map(({ text, isCode }) => (isCode ? text : readable(text)))
    .join('\n')
    .trim();
}

interface Piece {
  text: string;
  isCode: boolean;
}

/** Fenced code, and what stands between. */
function pieces(source: string): Piece[] {
  const found: Piece[] = [];
  let lines: string[] = [];
  let fence: string | null = null;
  const close = (isCode: boolean) => {
    if (lines.length > 0) found.push({ text: lines.join('\n'), isCode });
    lines = [];
  };
  for (const line of source.split('\n')) {
    const mark = FENCE.exec(line)?.[1];
    if (fence === null && mark !== undefined) {
      close(false);
      fence = mark;
      lines.push(line);
    } else if (fence !== null && mark?.startsWith(fence) && line.trim() === mark) {
      lines.push(line);
      close(true);
      fence = null;
    } else {
      lines.push(line);
    }
  }
  close(fence !== null);
  return found;
}

function readable(text: string): string {
  // Code within a line is left as it is.
  return withoutComments(text)
    .replace(UNREAD, '')
    .split(/(`+[^`\n]*`+)/)
    .map((part, index) => (index % 2 === 1 ? part : withoutTags(part)))
    .join('')
    .split('\n')
    .map((line) => deeper(unindented(line, text)))
    .join('\n');
}

const withoutComments = (text: string): string => text.replace(/<!--[\s\S]*?(-->|$)/g, '');

function withoutTags(text: string): string {
  return text
    .replace(/<img\b([^>]*)>/gi, (_, attributes: string) => image(attributes))
    .replace(/<a\b([^>]*)>([\s\S]*?)<\/a\s*>/gi, (_, attributes: string, inner: string) =>
      link(attributes, inner)
    )
    .replace(/<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1\s*>/gi, (_, level: string, inner: string) => {
      return `\n\n${'#'.repeat(Number(level))} ${inner.replace(/\s+/g, ' ').trim()}\n\n`;
    })
    .replace(/<li\b[^>]*>/gi, '\n- ')
    .replace(/<\/?([a-z][a-z0-9]*)\b[^<>]*>/gi, (tag, name: string) => {
      const known = name.toLowerCase();
      if (KEPT.has(known)) return `<${tag.startsWith('</') ? '/' : ''}${known}>`;
      return TAGS.has(known) ? (known === 'p' || known === 'div' ? '\n\n' : '') : tag;
    });
}

const attribute = (attributes: string, name: string): string => {
  const found = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(attributes);
  return (found?.[1] ?? found?.[2] ?? found?.[3] ?? '').trim();
};

const isAbsolute = (address: string): boolean => /^https?:\/\/[^\s<>()]+$/i.test(address);

/** Nothing is loaded from elsewhere: an image is its words, and leads to it where it says where it is. */
function image(attributes: string): string {
  const source = attribute(attributes, 'src');
  const words = attribute(attributes, 'alt').replace(/[[\]]/g, '');
  return isAbsolute(source) ? `[${words || fileName(source)}](${source})` : words;
}

function link(attributes: string, inner: string): string {
  const address = attribute(attributes, 'href');
  const text = inner.replace(/\s+/g, ' ').trim();
  // A link that holds an image holds a link by now; it cannot hold another one.
  if (/\]\(/.test(text)) return isAbsolute(address) ? text.replace(/\]\([^)]*\)/g, `](${address})`) : text;
  return isAbsolute(address) && text ? `[${text}](${address})` : text;
}

const fileName = (address: string): string => address.split(/[?#]/)[0]?.split('/').at(-1) ?? address;

/** What stood within tags is often set in, which in Markdown would make code of it. */
const unindented = (line: string, text: string): string =>
  /<(div|p|table|center|details|ul|ol)\b/i.test(text) ? line.replace(/^ {4,}(?=\S)/, '') : line;

function deeper(line: string): string {
  const found = /^ {0,3}(#{1,6})(?=\s)/.exec(line);
  if (found?.[1] === undefined) return line;
  return '#'.repeat(Math.min(found[1].length + DEEPER, DEEPEST)) + line.slice(found[0].length);
}
