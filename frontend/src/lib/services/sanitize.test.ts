import { describe, expect, it } from 'vitest';
import { render, Splitter } from './markdown';
import { sanitized } from './sanitize';

function shown(html: string): HTMLElement {
  const place = document.createElement('div');
  place.append(sanitized(html));
  return place;
}
const ofMarkdown = (text: string) => shown(render(text));

describe('HTML of strangers', () => {
  it.each([
    ['<script>alert(1)</script>', 'script'],
    ['<img src=x onerror=alert(1)>', 'img'],
    ['<svg onload=alert(1)><script>alert(1)</script></svg>', 'svg'],
    ['<iframe src="javascript:alert(1)"></iframe>', 'iframe'],
    ['<form action="/api/v1/auth/sign-out"><input name="a"><button>Go</button></form>', 'form'],
    ['<style>*{display:none}</style>', 'style'],
    ['<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>', 'img'],
    ['<object data="data:text/html,x"></object>', 'object'],
    ['<a href="#" style="position:fixed" onclick="alert(1)">x</a>', '[style],[onclick]'],
    ['<p id="content" class="fixed inset-0">x</p>', '[id],[class]']
  ])('is inert: %s', (html, selector) => {
    for (const place of [shown(html), ofMarkdown(html), ofMarkdown(`Text ${html} more`)]) {
      expect(place.querySelector(selector)).toBeNull();
      expect(place.innerHTML).not.toMatch(/<[^>]+\son\w+=/);
    }
  });

  it('is shown as it was written, but for tags that only change looks', () => {
    const place = ofMarkdown('A <script>alert(1)</script> and H<sub>2</sub>O<br>');
    expect(place.textContent).toContain('<script>alert(1)</script>');
    expect(place.querySelector('sub')?.textContent).toBe('2');
  });

  it('keeps a diagram as the code that it is', () => {
    const place = ofMarkdown('```mermaid\ngraph TD; A-->B; click A "javascript:alert(1)"\n```');
    expect(place.querySelector('pre')?.dataset.language).toBe('mermaid');
    expect(place.querySelector('svg, a')).toBeNull();
  });
});

describe('links and images', () => {
  it.each([
    'javascript:alert(1)',
    'JaVaScRiPt:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '/admin',
    '&#106;avascript:alert(1)'
  ])('leads nowhere: %s', (address) => {
    for (const place of [ofMarkdown(`[x](${address})`), shown(`<a href="${address}">x</a>`)]) {
      expect(place.querySelector('a[href]')).toBeNull();
      expect(place.textContent).toContain('x');
    }
  });

  it('open beside the page and tell nobody where they come from', () => {
    const link = ofMarkdown('[site](https://example.org)').querySelector('a');
    expect(link?.rel).toBe('noopener noreferrer nofollow');
    expect(link?.target).toBe('_blank');
  });

  it('makes an image a link by its words', () => {
    const place = ofMarkdown('![A cat](https://example.org/cat.png)');
    expect(place.querySelector('img')).toBeNull();
    expect(place.querySelector('a')?.textContent).toBe('A cat');
  });
});

describe('formulas', () => {
  it.each(['$x^2$', '\\(x^2\\)', '$$\nx^2\n$$', '\\[\nx^2\n\\]'])('are MathML without styles: %s', (text) => {
    const place = ofMarkdown(text);
    expect(place.querySelector('math msup')).not.toBeNull();
    expect(place.querySelector('annotation')?.textContent).toBe('x^2');
    expect(render(text)).not.toMatch(/\sstyle=/);
  });

  it('are no sums of money, and no formulas that fail', () => {
    expect(ofMarkdown('It costs $5 or $10.').querySelector('math')).toBeNull();
    expect(ofMarkdown('$\\frac{1}{$').textContent).toContain('\\frac');
  });

  it('say nothing of styles, whatever they ask for', () => {
    const asked =
      '\\color{red}{x} \\boxed{x} \\rule{1em}{1em} \\href{javascript:alert(1)}{x} \\raisebox{1em}{x} \\cancel{x}';
    for (const each of asked.split(' ')) {
      const html = render(`$${each}$`);
      expect(html).not.toMatch(/\sstyle=/);
      expect(shown(html).querySelector('[href]')).toBeNull();
    }
  });
});

describe('blocks', () => {
  const TEXT = [
    '# Head',
    'A paragraph\nof two lines.',
    '- one\n- two\n\n  still two\n',
    '```python\nprint(1)\n\n\nprint(2)\n```',
    '| a | b |\n|---|---|\n| 1 | 2 |',
    '$$\nx\n\ny\n$$',
    '> said\n> twice',
    'See [it][1].',
    '[1]: https://example.org'
  ].join('\n\n');

  it('are the same whether a text comes at once or by letters', () => {
    const slow = new Splitter();
    for (let length = 1; length < TEXT.length; length++) slow.split(TEXT.slice(0, length));
    const whole = new Splitter().split(TEXT);
    expect(slow.split(TEXT)).toEqual(whole);
    expect(whole.blocks.join('')).toBe(TEXT);
    expect(whole.blocks).toHaveLength(9);
  });

  it('know links that are defined elsewhere', () => {
    const { blocks, definitions } = new Splitter().split(TEXT);
    expect(shown(render(blocks[7] ?? '', definitions)).querySelector('a')?.href).toBe('https://example.org/');
  });

  it('colours code of a known language, and of others leaves it', () => {
    expect(ofMarkdown('```python\ndef f(): pass\n```').querySelector('.hljs-keyword')?.textContent).toBe(
      'def'
    );
    expect(ofMarkdown('```klingon\n<b>\n```').querySelector('code')?.textContent).toBe('<b>\n');
  });

  it('lets wide tables scroll within themselves', () => {
    const place = ofMarkdown('| a |\n|---|\n| **1** |');
    expect(place.querySelector('.table-scroll[tabindex="0"] th[scope="col"]')?.textContent).toBe('a');
    expect(place.querySelector('td strong')?.textContent).toBe('1');
  });
});
