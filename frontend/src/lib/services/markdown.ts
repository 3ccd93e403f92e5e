/**
 * Markdown as models write it, block by block, so that of an answer that grows only the last block is made
 * anew. Heavy: to be imported when there is something to show. What it makes goes through `sanitize.ts`.
 */
import { Lexer, Marked, type Tokens } from 'marked';
import { highlighted } from './highlight';
import { mathExtensions } from './math';

const PLAIN_TAG = /^<\/?(b|br|del|em|hr|i|ins|kbd|mark|s|small|strong|sub|sup|u)\s*\/?>$/i;
const escaped: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text: string): string => text.replace(/[&<>"]/g, (sign) => escaped[sign] ?? sign);

const marked = new Marked({
  gfm: true,
  extensions: mathExtensions,
  renderer: {
    // HTML is shown as it was written, but for tags that only change how text looks.
    html: ({ text }) => text.replace(/<[^<>]*>?/g, (tag) => (PLAIN_TAG.test(tag) ? tag : escape(tag))),
    code: ({ text, lang }) => codeHtml(text, languageOf(lang)),
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
    // Nothing is loaded from elsewhere: an image is a link that is named by its words.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    table: function (token) {
      return `<div class="table-scroll" tabindex="0">${tableHtml(this.parser, token)}</div>`;
    }
  }
});

const languageOf = (info: string | undefined): string => /^[^\s{]*/.exec(info ?? '')?.[0] ?? '';

function codeHtml(text: string, language: string): string {
  const named = language ? ` data-language="${escape(language)}"` : '';
  return `<pre${named} tabindex="0"><code>${highlighted(text, language) ?? escape(text)}\n</code></pre>`;
}

type Parser = { parseInline: (tokens: Tokens.TableCell['tokens']) => string };

function tableHtml(parser: Parser, token: Tokens.Table): string {
  const cell = (tag: 'th' | 'td', { tokens, align }: Tokens.TableCell) =>
    `<${tag}${tag === 'th' ? ' scope="col"' : ''}${align ? ` align="${align}"` : ''}>${parser.parseInline(tokens)}</${tag}>`;
  const head = token.header.map((each) => cell('th', each)).join('');
  const rows = token.rows.map((row) => `<tr>${row.map((each) => cell('td', each)).join('')}</tr>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`;
}

/** What a text is made of at the top, with the definitions of its links, which hold for all of it. */
export interface Split {
  blocks: string[];
  definitions: string;
}

/** Splits a text that grows: what stands before its last blocks is not looked at again. */
export class Splitter {
  #text = '';
  #blocks: { raw: string; isDefinition: boolean }[] = [];

  split(given: string): Split {
    const text = given.replace(/\r\n?/g, '\n');
    const kept = text.startsWith(this.#text) ? this.#blocks.slice(0, -2) : [];
    const from = kept.reduce((length, block) => length + block.raw.length, 0);
    const found: typeof kept = [];
    for (const { type, raw } of new Lexer(marked.defaults).blockTokens(text.slice(from))) {
      const before = found.at(-1);
      // White space between blocks goes with what stands before it.
      if (type === 'space' && before !== undefined) before.raw += raw;
      else found.push({ raw, isDefinition: type === 'def' });
    }
    this.#text = text;
    this.#blocks = [...kept, ...found];
    return {
      blocks: this.#blocks.map(({ raw }) => raw),
      definitions: this.#blocks
        .filter(({ isDefinition }) => isDefinition)
        .map(({ raw }) => raw.trim())
        .join('\n')
    };
  }
}

/** A block's HTML, not safe yet. */
export function render(block: string, definitions = ''): string {
  const hasLinks = definitions !== '' && block.includes(']') && !/^\s*(```|~~~)/.test(block);
  const source = hasLinks ? `${block}\n\n${definitions}` : block;
  return marked.parse(source, { async: false });
}
