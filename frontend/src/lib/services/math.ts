/** Formulas between `$`, `$$`, `\(` and `\[`, as MathML: it needs no styles of its own. */
import katex from 'katex';
import type { TokenizerAndRendererExtension, Tokens } from 'marked';

/** A dollar is a sign of money more often than not: it must touch what it holds, and no digit may follow. */
const INLINE =
  /^(?:\$\$([^$\n]+?)\$\$|\$((?:[^\s$\\]|\\[^\n])(?:[^$\n\\]|\\[^\n])*?(?<!\s))?\$(?![\d$])|\\\(([\s\S]+?)\\\))/;
const BLOCK = /^ {0,3}(?:\$\$([^$]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n+|$)/;

interface Formula extends Tokens.Generic {
  formula: string;
  isBlock: boolean;
}

const formulaOf = (found: RegExpExecArray): string =>
  found
    .slice(1)
    .find((part) => part !== undefined)
    ?.trim() ?? '';

function html(token: Tokens.Generic): string {
  const { formula, isBlock, raw } = token as Formula;
  try {
    const made = katex.renderToString(formula, {
      output: 'mathml',
      displayMode: isBlock,
      throwOnError: true,
      strict: 'ignore',
      maxExpand: 200,
      maxSize: 20
    });
    return isBlock ? `<p class="math-scroll" tabindex="0">${made}</p>` : made;
  } catch {
    // Not finished yet, or no formula: as it was written.
    const text = raw.trim().replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;' })[sign] ?? '&gt;');
    return isBlock ? `<p>${text}</p>` : text;
  }
}

export const mathExtensions: TokenizerAndRendererExtension[] = [
  {
    name: 'formula',
    level: 'block',
    start: (text) => /(^|\n) {0,3}(\$\$|\\\[)/.exec(text)?.index,
    tokenizer(text) {
      const found = BLOCK.exec(text);
      if (found === null) return undefined;
      return { type: 'formula', raw: found[0], formula: formulaOf(found), isBlock: true };
    },
    renderer: html
  },
  {
    name: 'formulaInline',
    level: 'inline',
    start: (text) => /\$|\\\(/.exec(text)?.index,
    tokenizer(text) {
      const found = INLINE.exec(text);
      if (found === null || formulaOf(found) === '') return undefined;
      return { type: 'formulaInline', raw: found[0], formula: formulaOf(found), isBlock: false };
    },
    renderer: html
  }
];
